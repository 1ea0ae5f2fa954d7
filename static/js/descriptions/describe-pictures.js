// Pictures that are pasted, dropped or chosen: kept with the run, and shown by the text.

import { toast } from "../site/app.js";

const area = () => document.getElementById("description-text");
const button = () => document.querySelector("[data-attach]");
const pictures = (files) => [...(files ?? [])].filter((file) => file.type.startsWith("image/"));

document.addEventListener("paste", (event) => {
  const found = event.target === area() && button() ? pictures(event.clipboardData?.files) : [];
  if (!found.length) return;
  event.preventDefault();
  attach(found);
});

for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    const box = event.target.closest?.(".describe-box");
    if (!box || !button() || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    box.classList.toggle("dropping", kind === "dragover");
    if (kind === "drop") attach([...event.dataTransfer.files]);
  });
}
document.addEventListener("dragleave", (event) =>
  event.target.closest?.(".describe-box")?.classList.remove("dropping"),
);

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-attach]")) return;
  const box = document.createElement("input");
  box.type = "file";
  box.accept = "image/png,image/jpeg,image/gif,image/webp";
  box.multiple = true;
  box.addEventListener("change", () => attach([...box.files]));
  box.click();
});

// One after the other, so that they stand in the order in which they were given.
async function attach(files) {
  const asker = button();
  asker.setAttribute("aria-busy", "true");
  for (const file of files) {
    const body = new FormData();
    body.append("picture", file, file.name || "image.png");
    try {
      const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
      const answer = await fetch(asker.dataset.attach, { method: "POST", body, headers });
      const result = await answer.json();
      if (answer.ok) insert(result.text);
      else say(result.error?.message ?? asker.dataset.fails);
    } catch {
      say(asker.dataset.fails);
    }
  }
  asker.removeAttribute("aria-busy");
}

function insert(text) {
  if (!area()) return;
  area().focus();
  const { selectionStart: at, value } = area();
  const gap = !at || value[at - 1] === "\n" ? "" : "\n";
  document.execCommand("insertText", false, `${gap}${text}\n`);
}

const say = (text) => toast({ text });
