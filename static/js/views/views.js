// Custom views: load the menu when it is opened, and open forms as dialogs. Without scripts
// the menu is a link to the page of all views, and forms are pages.

import { fetchPage } from "../site/app.js";

async function fetchElement(address) {
  const response = await fetchPage(address);
  if (!response) return null;
  const place = document.createElement("template");
  place.innerHTML = response.html;
  return place.content.firstElementChild;
}

// `toggle` does not bubble, and the bar is drawn again with the list.
document.addEventListener(
  "toggle",
  async (event) => {
    const menu = event.target;
    if (
      !menu.matches?.("details[data-view-menu]") ||
      !menu.open ||
      menu.querySelector("#view-menu")
    )
      return;
    const body = await fetchElement(menu.dataset.viewMenu);
    if (!body) return;
    body.className = menu.querySelector(".view-menu-body").className;
    menu.querySelector(".view-menu-body").replaceWith(body);
    htmx.process(body);
    body.querySelector("#view-find").focus();
  },
  true,
);

let timer;
let lastRequest = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "view-find") return;
  clearTimeout(timer);
  timer = setTimeout(() => searchViews(event.target), 120);
});
async function searchViews(box) {
  const number = ++lastRequest;
  const address = box.closest("[data-view-menu]").dataset.viewMenu;
  const found = await fetchElement(
    `${address}${address.includes("?") ? "&" : "?"}find=${encodeURIComponent(box.value)}`,
  );
  if (found && number === lastRequest) document.getElementById("view-choices")?.replaceWith(found);
}

// Arrows walk from the search through the choices; Enter opens the first.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("#view-menu");
  if (!menu) return;
  const items = [...menu.querySelectorAll(".view-choices .menu-item")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const isBox = event.target.id === "view-find";
  if (event.key === "Enter" && isBox) {
    event.preventDefault();
    items[0]?.click();
  } else if (step && (isBox || items.includes(event.target))) {
    event.preventDefault();
    const next = items.indexOf(event.target) + step;
    (items[next] ?? (next < 0 ? menu.querySelector("#view-find") : null))?.focus();
  }
});

// A click with a modifier opens the page, as any link does.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-view-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  const dialog = await fetchElement(link.href);
  if (!dialog) return;
  document.getElementById(dialog.id)?.remove();
  document.getElementById("content").append(dialog);
  dialog
    .querySelector("[data-close]")
    .addEventListener("click", (closing) => closing.preventDefault());
  dialog.addEventListener("close", () => {
    dialog.remove();
    (link.closest("details")?.firstElementChild ?? link).focus();
  });
  dialog.showModal();
  dialog.querySelector("#view-name-box").select();
});
