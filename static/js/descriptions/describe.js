// The editor of descriptions: write and preview, a small toolbar, bytes, and a draft
// that this browser keeps until it is saved.

import { requestsSettled } from "../site/app.js";

const form = () => document.querySelector("[data-draft]");
const area = () => document.getElementById("description-text");
const clock = (time) =>
  new Date(time).toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });

function readDraft(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function showDraftStatus(words, time) {
  const note = form().querySelector("[data-kept]");
  note.textContent = note.dataset[words].replace("%s", clock(time));
  form().querySelector("[data-discard]").hidden = words === "unkept";
}

function showSize() {
  const size = new TextEncoder().encode(area().value).length;
  form().querySelector("[data-bytes]").textContent = size.toLocaleString(
    document.documentElement.lang,
  );
}

// A draft keeps the version that it is based on, so that the server detects a conflict.
function restoreDraft() {
  const draft = readDraft(form().dataset.draft);
  if (!draft || draft.text === area().value || form().querySelector("[role=alert]")) return;
  area().value = draft.text;
  form().elements.seen.value = draft.seen;
  showDraftStatus("found", draft.time);
  showSize();
}

// A browser can refuse to store more, or anything.
function saveDraft() {
  const time = Date.now();
  try {
    localStorage.setItem(
      form().dataset.draft,
      JSON.stringify({ text: area().value, seen: form().elements.seen.value, time }),
    );
    showDraftStatus("says", time);
  } catch {
    showDraftStatus("unkept", time);
  }
}

document.addEventListener("input", (event) => {
  if (event.target !== area()) return;
  saveDraft();
  showSize();
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.querySelector?.("[data-draft]")) restoreDraft();
});
// The response to Save is the card: only then the draft is of no more use.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  if (
    requestConfig?.verb === "post" &&
    xhr.status === 200 &&
    form() &&
    target.id === form().dataset.part
  )
    localStorage.removeItem(form().dataset.draft);
});

document.addEventListener("click", (event) => {
  const preview = event.target.closest("[data-preview]");
  const write = event.target.closest("[data-write]");
  const tool = event.target.closest("[data-before]");
  if (preview || write) show(Boolean(preview));
  if (tool) wrap(tool.dataset.before, tool.dataset.after);
  if (!event.target.closest("[data-discard]")) return;
  localStorage.removeItem(form().dataset.draft);
  htmx
    .ajax("GET", form().getAttribute("action"), {
      target: `#${form().dataset.part}`,
      swap: "outerHTML",
    })
    .catch(() => {});
});

// The usual keys of such editors; not where the browser's own would be meant.
document.addEventListener("keydown", (event) => {
  if (event.target !== area() || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.key === "Enter") form().requestSubmit(form().querySelector(".button.primary"));
  const marks = { b: "**", i: "*" }[event.key];
  if (!marks) return;
  event.preventDefault();
  wrap(marks, marks);
});

function show(preview) {
  area().hidden = preview;
  document.getElementById("description-preview").hidden = !preview;
  form().querySelector("[data-preview]").setAttribute("aria-pressed", preview);
  form().querySelector("[data-write]").setAttribute("aria-pressed", !preview);
  form().querySelector(".describe-tools").hidden = preview;
  if (!preview) area().focus();
}

// Around what is selected; a list mark goes before each line. `insertText` keeps the
// browser's own undo.
function wrap(before, after) {
  const { selectionStart: start, selectionEnd: end, value } = area();
  const chosen = value.slice(start, end);
  area().focus();
  const text = after ? before + chosen + after : before + chosen.replaceAll("\n", `\n${before}`);
  document.execCommand("insertText", false, text);
  if (after) area().setSelectionRange(start + before.length, start + before.length + chosen.length);
}

// Undo changes an experiment's text too; the list looks only for its rows.
document.addEventListener("page:refresh", async () => {
  const shown = document.getElementById("experiment-description");
  if (!shown || shown.matches("[data-editing]")) return;
  const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(
    () => null,
  );
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(shown.id);
  // An editor requested since then comes with the current text, to this same part.
  await requestsSettled(shown.id);
  if (!fresh || !shown.isConnected) return;
  const hadFocus = shown.contains(document.activeElement);
  shown.replaceWith(document.adoptNode(fresh));
  htmx.process(fresh);
  if (hadFocus) fresh.querySelector("a[hx-get]")?.focus({ preventScroll: true });
});

if (form()) restoreDraft();
