// Models: the search box, its note and the keyboard's focus follow the list.

const box = document.getElementById("q");
const note = () => document.getElementById("filter-note");
const list = () => document.getElementById("model-table");
let wasIn = false;

document.body.addEventListener("htmx:beforeSwap", ({ target }) => {
  wasIn = target === list() && target.contains(document.activeElement);
});
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id !== "model-table") return;
  note().replaceChildren();
  box.removeAttribute("aria-invalid");
  // What is being typed stays.
  if (document.activeElement !== box) box.value = list().dataset.q;
  // What has an id has the focus again already.
  if (wasIn && document.activeElement === document.body)
    (list().querySelector("[data-row-link]") ?? box).focus({ preventScroll: true });
});

// A wrong filter's underline lies under the text, so it goes when the text changes.
box.addEventListener("input", () => note().querySelector(".underlay")?.remove());
box.addEventListener("scroll", () => {
  const under = note().querySelector(".underlay");
  if (under) under.scrollLeft = box.scrollLeft;
});
box.addEventListener("search", () => {
  if (!box.value) box.form.requestSubmit();
});
// The note can be put away; what is wrong stays underlined.
document.addEventListener("keydown", (event) => {
  const shown = event.key === "Escape" && !event.defaultPrevented && note().querySelector(".note");
  if (!shown) return;
  // Escape would also empty the box.
  if (event.target === box) event.preventDefault();
  shown.remove();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("#filter-form")) note().querySelector(".note")?.remove();
  // A dialog that is left needs no new page.
  if (event.target.closest("#model-dialog [data-close]")) event.preventDefault();
});
