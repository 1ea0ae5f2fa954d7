// Upload a folder or a zip as soon as it is chosen. A folder is packed here, without what
// no snapshot contains; the server checks it again.

const box = document.querySelector(".upload");
const state = document.getElementById("upload-state");
const words = box.dataset;
const excluded = new Set(words.excluded.split(","));
const SECRET = /^(\.env(\..*|rc)?|\.netrc|id_(rsa|dsa|ecdsa|ed25519)(_sk)?|.*\.(pem|key|pyc))$/i;

export function startUploads(onUploaded) {
  onChosen("folder", async (input) => {
    report(words.busy);
    try {
      const files = await withoutIgnored([...input.files].filter(isSource));
      const size = files.reduce((sum, file) => sum + file.size, 0);
      const problem = refusal(files, size);
      if (problem) report(problem, true);
      else await send(await zip(files), onUploaded);
    } catch (error) {
      // A file was deleted since then, or can't be read.
      report(`${words.unreadable} ${error.message}`, true);
    }
    input.value = "";
  });
  onChosen("archive", async (input) => {
    await send(input.files[0], onUploaded);
    // Sent already: the form only names it.
    input.value = "";
  });
}

// Call the handler for what is chosen, also if that was before this script was loaded.
function onChosen(id, handle) {
  const input = /** @type {HTMLInputElement} */ (document.getElementById(id));
  const handleChosen = () => input.files.length && handle(input);
  input.addEventListener("change", handleChosen);
  handleChosen();
}

function isSource(file) {
  const parts = file.webkitRelativePath.split("/");
  return !parts.some((part) => excluded.has(part)) && !SECRET.test(parts.at(-1));
}

// Leave out virtual environments, and what the ignore file names without a pattern. The
// server applies the whole file; here a large folder is to be left out before it counts.
async function withoutIgnored(files) {
  const pathOf = (file) => file.webkitRelativePath.replace(/^[^/]*\//, "");
  const environments = files
    .map(pathOf)
    .filter((path) => path.endsWith("/pyvenv.cfg"))
    .map((path) => path.slice(0, -"pyvenv.cfg".length));
  const ignoreFile = [".amlignore", ".gitignore"]
    .map((name) => files.find((file) => pathOf(file) === name))
    .find(Boolean);
  const lines = ignoreFile ? (await ignoreFile.text()).split(/\r?\n/) : [];
  const plain = lines.some((line) => line.startsWith("!"))
    ? []
    : lines.map((line) => line.trim()).filter((line) => line && !/[#*?[\\]/.test(line));
  const names = new Set();
  const folders = [...environments];
  for (const line of plain) {
    const path = line.replace(/\/$/, "");
    if (path.includes("/")) folders.push(`${path.replace(/^\//, "")}/`);
    else names.add(path);
  }
  return files.filter((file) => {
    const path = pathOf(file);
    const parents = path.split("/").slice(0, -1);
    return (
      !parents.some((name) => names.has(name)) && !folders.some((each) => path.startsWith(each))
    );
  });
}

function refusal(files, size) {
  if (!files.length) return words.empty;
  if (files.length > Number(words.maxFiles)) return words.tooMany;
  return size > Number(words.maxBytes) ? words.tooLarge : "";
}

async function send(archive, onUploaded) {
  report(words.busy);
  const body = new FormData();
  body.append("archive", archive, "sources.zip");
  const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
  try {
    const response = await fetch(words.upload, { method: "POST", body, headers });
    // A proxy before the server can refuse a large body, with a page of its own.
    if (response.status === 413) return report(words.tooLarge, true);
    const found = await response.json();
    if (!response.ok) return report(found.error.message, true);
    report(`${words.uploaded}: ${found.summary}`);
    onUploaded(found, words.uploaded);
  } catch {
    report(document.body.dataset.offline, true);
  }
}

function report(text, isBad = false) {
  state.textContent = text;
  state.classList.toggle("bad", isBad);
  state.classList.toggle("quiet", !isBad);
}

// A zip of stored files: the server compresses them anyway.
async function zip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.webkitRelativePath);
    const content = new Uint8Array(await file.arrayBuffer());
    const sum = crc32(content);
    const local = record(0x04034b50, 30, name, sum, content.length, 0);
    directory.push(record(0x02014b50, 46, name, sum, content.length, offset));
    parts.push(local, content);
    offset += local.length + content.length;
  }
  const size = directory.reduce((total, each) => total + each.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return new Blob([...parts, ...directory, end.buffer], { type: "application/zip" });
}

// The head of a file (30 bytes), or its entry in the directory at the end (46 bytes).
function record(signature, length, name, sum, size, offset) {
  const bytes = new Uint8Array(length + name.length);
  const view = new DataView(bytes.buffer);
  const isEntry = length === 46;
  const at = isEntry ? 2 : 0;
  view.setUint32(0, signature, true);
  if (isEntry) view.setUint16(4, 20, true);
  view.setUint16(4 + at, 20, true);
  // Names are UTF-8.
  view.setUint16(6 + at, 0x0800, true);
  // 1 January 1980, the first day that a zip knows.
  view.setUint16(12 + at, 0x21, true);
  view.setUint32(14 + at, sum, true);
  view.setUint32(18 + at, size, true);
  view.setUint32(22 + at, size, true);
  view.setUint16(26 + at, name.length, true);
  if (isEntry) view.setUint32(42, offset, true);
  bytes.set(name, length);
  return bytes;
}

let table;
function crc32(bytes) {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  let sum = 0xffffffff;
  for (const byte of bytes) sum = table[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
