// Models: the box and the keyboard's focus follow the list.

const box = document.getElementById("q");
const list = () => document.getElementById("model-table");
let wasIn = false;

document.body.addEventListener("htmx:beforeSwap", ({ target }) => {
  wasIn = target === list() && target.contains(document.activeElement);
});
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id !== "model-table") return;
  // What is being typed stays.
  if (document.activeElement !== box) box.value = list().dataset.q;
  // What has an id has the focus again already.
  if (wasIn && document.activeElement === document.body)
    (list().querySelector("[data-row-link]") ?? box).focus({ preventScroll: true });
});
