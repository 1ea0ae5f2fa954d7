// Custom views: the menu and its search come when they are opened, forms open as dialogs.
// Without a script the menu leads to the page of all views, and forms are pages.

import { answerOf } from "../site/app.js";

async function made(address) {
  const answer = await answerOf(address);
  if (!answer) return null;
  const place = document.createElement("template");
  place.innerHTML = answer.html;
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
    const body = await made(menu.dataset.viewMenu);
    if (!body) return;
    body.className = menu.querySelector(".view-menu-body").className;
    menu.querySelector(".view-menu-body").replaceWith(body);
    htmx.process(body);
    body.querySelector("#view-find").focus();
  },
  true,
);

let waiting;
let asked = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "view-find") return;
  clearTimeout(waiting);
  waiting = setTimeout(() => find(event.target), 120);
});
async function find(box) {
  const number = ++asked;
  const address = box.closest("[data-view-menu]").dataset.viewMenu;
  const found = await made(
    `${address}${address.includes("?") ? "&" : "?"}find=${encodeURIComponent(box.value)}`,
  );
  if (found && number === asked) document.getElementById("view-choices")?.replaceWith(found);
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
  const dialog = await made(link.href);
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
