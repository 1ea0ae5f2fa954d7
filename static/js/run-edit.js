// Editors of the run page: each is a form that htmx puts in the place of what it edits.
// Here are focus and Escape.

// What an editor replaced, to stand there again.
const before = new Map();

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  const link = requestConfig?.elt;
  // The link that opens an editor stands in what is edited.
  if (xhr.status === 200 && link?.matches("a[hx-get]") && target.contains(link)) before.set(target.id, target.cloneNode(true));
});

// With the swap itself: a moment later a typist may have begun, and what is selected
// would be typed over.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const part = event.detail.elt;
  const field = part.querySelector?.("[data-focus]");
  // After Save the focus is where the editor was opened.
  if (!field && ["run-title", "run-description", "experiment-description", "compare-conclusion"].includes(part.id)) opener(part)?.focus({ preventScroll: true });
  if (!field) return;
  field.focus();
  if (field.dataset.focus === "all") field.select();
});

const opener = (part) => part.querySelector("a[hx-get]");

function restore(editor) {
  const part = before.get(editor.id)?.cloneNode(true);
  if (!part) return location.reload();
  editor.replaceWith(part);
  htmx.process(part);
  opener(part)?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("run:look"));
}

document.addEventListener("click", (event) => {
  const editor = event.target.closest("[data-restore]")?.closest("[data-editing]");
  if (!editor) return;
  event.preventDefault();
  restore(editor);
});
document.addEventListener("keydown", (event) => {
  const editor = event.key === "Escape" && event.target.closest("[data-editing]");
  if (editor && !event.isComposing) editor.querySelector("[data-restore]")?.click();
});
