// Images that are pasted, dropped or chosen: upload them to the run, and add them to the text.

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

// Upload one after the other, so that they keep their order.
async function attach(files) {
  const attachButton = button();
  attachButton.setAttribute("aria-busy", "true");
  for (const file of files) {
    const body = new FormData();
    body.append("picture", file, file.name || "image.png");
    try {
      const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
      const response = await fetch(attachButton.dataset.attach, { method: "POST", body, headers });
      const result = await response.json();
      if (response.ok) insert(result.text);
      else showMessage(result.error?.message ?? attachButton.dataset.fails);
    } catch {
      showMessage(attachButton.dataset.fails);
    }
  }
  attachButton.removeAttribute("aria-busy");
}

function insert(text) {
  if (!area()) return;
  area().focus();
  const { selectionStart: at, value } = area();
  const gap = !at || value[at - 1] === "\n" ? "" : "\n";
  document.execCommand("insertText", false, `${gap}${text}\n`);
}

const showMessage = (text) => toast({ text });
