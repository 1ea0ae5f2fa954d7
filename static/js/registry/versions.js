// The versions of a model: what is typed while they are being filtered stays.

let typed = null;

document.addEventListener("htmx:beforeSwap", ({ target }) => {
  const box = document.activeElement;
  typed = box?.id === "q" && target.contains(box) ? box.value : null;
});
document.addEventListener("htmx:afterSwap", () => {
  const box = document.getElementById("q");
  if (typed === null || !box) return;
  // The rows are those of the shorter text.
  if (box.value === typed) typed = null;
  else box.value = typed;
});
// Only now does htmx send the new form.
document.addEventListener("htmx:afterSettle", () => {
  if (typed !== null) document.getElementById("q")?.form.requestSubmit();
  typed = null;
});
