// The inbox in a drawer. Without scripts its link opens the page.
const drawer = () => document.querySelector("aside#inbox");

function close() {
  const open = drawer();
  if (!open) return;
  const empty = document.createElement("div");
  empty.id = "inbox";
  empty.hidden = true;
  open.replaceWith(empty);
  document.querySelector(".inbox-link")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-inbox]")) close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawer()?.contains(document.activeElement)) close();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.elt?.id === "inbox") drawer()?.focus();
});
