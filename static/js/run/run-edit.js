// Editors of the run page: each is a form that htmx puts in the place of what it edits.
// Here are focus and Escape.

// What an editor replaced, to stand there again, and the link that opened it.
const replacedParts = new Map();

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  const link = requestConfig?.elt;
  // The link stands in what is edited, or next to it as that of a tag.
  if (
    xhr.status !== 200 ||
    !link?.matches("a[hx-get]") ||
    !(target.id === "tag-box" || target.contains(link))
  )
    return;
  // From one tag's editor to the next, what stood before both is what is restored.
  const part = target.matches("[data-editing]")
    ? replacedParts.get(target.id)?.part
    : target.cloneNode(true);
  if (part) replacedParts.set(target.id, { part, link });
});

// With the swap itself: a moment later a typist may have begun, and what is selected
// would be typed over.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const part = event.detail.elt;
  const field = part.querySelector?.("[data-focus]");
  // After Save the focus is where the editor was opened.
  if (
    !field &&
    [
      "run-title",
      "run-description",
      "experiment-description",
      "experiment-title",
      "compare-conclusion",
    ].includes(part.id)
  )
    opener(part)?.focus({ preventScroll: true });
  if (!field) return;
  field.focus();
  if (field.dataset.focus === "all") field.select();
});

const opener = (part) => part.querySelector("a[hx-get]");

function restore(editor) {
  const { part: shown, link } = replacedParts.get(editor.id) ?? {};
  if (!shown) return location.reload();
  const part = shown.cloneNode(true);
  editor.replaceWith(part);
  htmx.process(part);
  // A link that stands in what was edited is a new one.
  (opener(part) ?? link).focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("page:refresh", { detail: "restored" }));
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
