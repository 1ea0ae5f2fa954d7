// All experiments: the box and the keyboard's focus follow the list.

const box = document.getElementById("q");
const list = () => document.getElementById("experiment-table");
let wasIn = false;

document.body.addEventListener("htmx:beforeSwap", ({ target }) => {
  wasIn = target === list() && target.contains(document.activeElement);
});
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id !== "experiment-table") return;
  // What is being typed stays.
  if (document.activeElement !== box) box.value = list().dataset.q;
  // What has an id has the focus again already.
  if (wasIn && document.activeElement === document.body)
    (list().querySelector("[data-row-link]") ?? box).focus({ preventScroll: true });
});

// After an edit in a row, and after an undo.
document.addEventListener("page:refresh", () => {
  const target = list();
  if (document.getElementById("row-editor")) return;
  htmx
    .ajax("GET", location.pathname + location.search, { target, swap: "outerHTML" })
    .catch(() => {});
});
