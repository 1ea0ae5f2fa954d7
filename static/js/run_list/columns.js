// Columns of the run list: the dialog that picks and orders them, the menus of heads, and
// widths. What the address says of columns is made here as the server would make it.
import { fetchPage, requestsSettled, showOffline } from "../site/app.js";
import { parameter, show } from "./list-address.js";

const MIN = 40;
const MAX = 2000;
const STEP = 10;
const list = () => document.getElementById("run-table");
const table = () => list()?.querySelector("table.runs");
async function inserted(address) {
  const response = await fetchPage(address);
  if (!response) return null;
  const place = document.createElement("template");
  place.innerHTML = response.html;
  const found = place.content.firstElementChild;
  document.getElementById(found.id)?.remove();
  document.getElementById("content").append(found);
  return found;
}

// The dialog. A click with a modifier opens the page, as any link does.
const opener = document.getElementById("edit-columns");
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-edit-columns]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  link.closest("details")?.removeAttribute("open");
  const path = opener.pathname;
  const asked =
    location.search +
    (opener.dataset.in ? `${location.search ? "&" : "?"}in=${opener.dataset.in}` : "");
  const made = await import("./column-dialog.js").catch(showOffline);
  const dialog = made && (await inserted(path + asked));
  if (!dialog) return;
  made.prepareDialog(dialog, (columns) => show(parameter("columns", columns)));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  dialog.querySelector("input[type=search]").focus();
});

// Menus of heads stand outside the list, so that its refreshes leave them open.
let menu;
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.(".head-menu");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (menu?.owner === button.href && menu.element.matches(":popover-open"))
    return menu.element.hidePopover();
  const element = await inserted(button.href);
  if (!element) return;
  element.popover = "auto";
  menu = { owner: button.href, element };
  const box = button.getBoundingClientRect();
  element.showPopover();
  element.style.top = `${box.bottom + 6}px`;
  element.style.left = `${Math.max(8, Math.min(box.right - element.offsetWidth, innerWidth - element.offsetWidth - 8))}px`;
  button.setAttribute("aria-expanded", "true");
  element.addEventListener("toggle", (toggled) => {
    if (toggled.newState !== "closed") return;
    button.removeAttribute("aria-expanded");
    if (!document.activeElement || document.activeElement === document.body) button.focus();
  });
  element.querySelector(".menu-item")?.focus();
});
document.addEventListener("keydown", (event) => {
  const items = [...(event.target.closest?.("#column-menu")?.querySelectorAll(".menu-item") ?? [])];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!items.length || !step) return;
  event.preventDefault();
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
});

// A goal is sent by a form, which draws the page again: the focus goes back to the menu's link.
const BACK = "column-menu-of";
document.addEventListener("submit", (event) => {
  if (event.target.closest("#column-menu"))
    sessionStorage.setItem(BACK, event.target.elements.field.value);
});
const field = sessionStorage.getItem(BACK);
sessionStorage.removeItem(BACK);
if (field)
  [...document.querySelectorAll(".head-menu")]
    .find((link) => new URL(link.href).searchParams.get("field") === field)
    ?.focus();

// Widths: a rule for each column that has one, in a sheet of this page's own.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
const named = (column) => /^(.*?)(?::(\d+))?$/s.exec(column).slice(1);
const heads = () => [...(table()?.querySelectorAll("thead th") ?? [])];

function applyWidths() {
  const rules = heads().map((head, index) => {
    const width = named(head.dataset.column ?? "")[1];
    const px = `${width}px`;
    return width
      ? `.table.runs tr > :nth-child(${index + 1}) { width: ${px}; min-width: ${px}; max-width: ${px}; overflow: hidden; text-overflow: ellipsis; }
      .table.runs th:nth-child(${index + 1}) .clip { max-width: 100%; } .table.runs th:nth-child(${index + 1}) { overflow: visible; }`
      : "";
  });
  sheet.replaceSync(`@media (min-width: 768px) { ${rules.join("\n")} }`);
}

function setWidth(head, width) {
  const wide = Math.round(Math.min(Math.max(width, MIN), MAX));
  const name = named(head.dataset.column)[0];
  head.dataset.column = `${name}:${wide}`;
  const columns = JSON.parse(table().dataset.columns);
  table().dataset.columns = JSON.stringify(
    columns.map((column) => (named(column)[0] === name ? `${name}:${wide}` : column)),
  );
  head.querySelector(".edge").setAttribute("aria-valuenow", String(wide));
  applyWidths();
}

// The address takes the widths at once; the list's links do with the next fragment.
let later;
function keepWidths() {
  const columns = JSON.parse(table().dataset.columns).join(",");
  history.replaceState(history.state, "", parameter("columns", columns) || location.pathname);
  clearTimeout(later);
  later = setTimeout(renewLinks, 400);
}

async function renewLinks() {
  await requestsSettled("run-table");
  const [asked, at, before] = [location.href, document.activeElement, list()];
  const html = (await fetchPage(asked))?.html;
  await requestsSettled("run-table");
  if (!html || before !== list() || asked !== location.href || document.querySelector(".edge.held"))
    return;
  htmx.swap("#run-table", html, { swapStyle: "outerHTML" });
  prepare();
  if (at?.id && !at.isConnected) document.getElementById(at.id)?.focus({ preventScroll: true });
}

function addEdges() {
  const bare = [...heads().entries()].filter(
    ([, head]) => head.dataset.column && !head.querySelector(".edge"),
  );
  // All widths are read before the first edge is added: each change lays out the page again.
  const widths = bare.map(([, head]) => head.offsetWidth);
  for (const [place, [index, head]] of bare.entries()) {
    const edge = document.createElement("span");
    const label = head.querySelector(".clip")?.textContent ?? "";
    const given = {
      role: "separator",
      tabindex: "0",
      "aria-orientation": "vertical",
      "aria-valuemin": MIN,
      "aria-valuemax": MAX,
    };
    given["aria-valuenow"] = Math.round(widths[place]);
    given["aria-label"] = table().dataset.widthOf.replace("%s", label);
    for (const [name, value] of Object.entries(given)) edge.setAttribute(name, String(value));
    edge.className = "edge";
    edge.id = `edge-${index}`;
    head.append(edge);
  }
}

document.addEventListener("pointerdown", (event) => {
  const edge = event.target.closest?.(".edge");
  if (!edge || event.button) return;
  event.preventDefault();
  const head = edge.closest("th");
  const [start, wide] = [event.clientX, head.offsetWidth];
  edge.setPointerCapture(event.pointerId);
  edge.classList.add("held");
  let moved = false;
  const move = (at) => {
    moved = true;
    setWidth(head, wide + at.clientX - start);
  };
  const end = () => {
    edge.classList.remove("held");
    edge.removeEventListener("pointermove", move);
    if (moved) keepWidths();
  };
  edge.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"])
    edge.addEventListener(name, end, { once: true });
});
document.addEventListener("keydown", (event) => {
  const edge = event.target.closest?.(".edge");
  const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
  if (!edge || !step) return;
  event.preventDefault();
  const head = edge.closest("th");
  setWidth(head, head.offsetWidth + step * (event.shiftKey ? 5 : 1));
  keepWidths();
});

function prepare() {
  applyWidths();
  addEdges();
}
document.body.addEventListener("htmx:afterSwap", prepare);
prepare();
