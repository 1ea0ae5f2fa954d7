// The run page's script: it refreshes itself while the run lives, lists are searched
// in place. Everything is there without it.

import { follow } from "../site/follower.js";
import { isPressed, replacePart } from "./run-parts.js";

const page = () => document.getElementById("run");
const live = document.getElementById("live");

// Refresh: a conditional request; of the response only the parts that changed are taken,
// and none that the reader is in the middle of.
let served = new Map();

function parts(root) {
  return [...root.querySelectorAll("[data-live]")];
}
function rememberParts() {
  served = new Map(parts(document).map((part) => [part.id, part.outerHTML]));
}

follow({
  pace: () => Number(page()?.dataset.pace),
  address: () => location.href,
  etag: () => page().dataset.etag,
  isBusy: () => document.querySelector("dialog[open]"),
  report: (state) => live.classList.toggle("paused", state !== "live"),
  show,
});

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const root = fresh.getElementById("run");
  if (!root) return;
  let isComplete = true;
  for (const part of parts(fresh)) {
    const old = document.getElementById(part.id);
    if (!old || served.get(part.id) === part.outerHTML) continue;
    // A log follows its file itself.
    if (old.querySelector("[data-refreshes]")) continue;
    if (isInUse(old)) {
      isComplete = false;
      continue;
    }
    served.set(part.id, part.outerHTML);
    keepOpen(old, part);
    replacePart(old, part);
  }
  if (!showLists(fresh)) return location.reload();
  // Without the new ETag, the next request brings the parts that were left out.
  if (isComplete) page().dataset.etag = root.dataset.etag;
  page().dataset.pace = root.dataset.pace;
  live.hidden = !Number(page().dataset.pace);
  preparePage();
  document.dispatchEvent(new CustomEvent("run:changed"));
}

// New metrics and media: their names go to the list, charts to the others. False where
// the page has no list yet.
const LISTS = {
  "#media-list": (list) => [list.textContent],
  "#metric-list": (list) => [...list.querySelectorAll("input")].map((box) => box.value),
  ".charts": (list) =>
    [...list.querySelectorAll("[data-panel]")].map((panel) => panel.dataset.panel),
};
function showLists(fresh) {
  if (
    ["metric-form", "media-form"].some(
      (id) => fresh.getElementById(id) && !document.getElementById(id),
    )
  )
    return false;
  for (const [name, contents] of Object.entries(LISTS)) {
    const [old, now] = [document.querySelector(name), fresh.querySelector(name)];
    if (!old || !now || isInUse(old) || contents(old).join("\n") === contents(now).join("\n"))
      continue;
    old.replaceWith(document.adoptNode(now));
  }
  return true;
}

function isInUse(part) {
  const selection = getSelection();
  const marks = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  if (isPressed(part) || part.matches("[data-editing]") || part.querySelector("[data-editing]"))
    return true;
  const typed = [...part.querySelectorAll(".tag-box input")].some(
    (box) => box.value !== box.defaultValue,
  );
  // A link that opens an editor is found again in what replaces its part.
  const focus =
    part.contains(document.activeElement) && !document.activeElement.matches("a[hx-get]");
  return marks || typed || focus || part.querySelector("details.menu[open]");
}

function keepOpen(old, part) {
  const before = [...old.querySelectorAll("details")];
  [...part.querySelectorAll("details")].forEach((details, index) => {
    if (before[index]) details.open = before[index].open;
  });
  for (const box of part.querySelectorAll("[data-find]"))
    box.value = document.getElementById(box.id)?.value ?? box.value;
}

// Refresh and the tools lead back to what has been chosen since they were drawn.
const currentAddress = () => location.pathname + location.search;
document.addEventListener("click", (event) => {
  const again = event.target.closest("#run-toolbar [data-again]");
  if (again) again.href = currentAddress();
  // A dialog that is left gives the focus back to where its menu is opened.
  const menu = event.target.closest("#run-toolbar a.menu-item[hx-get]")?.closest("details");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("submit", (event) => {
  if (event.target.closest("#run-toolbar")) event.target.elements.next.value = currentAddress();
});

// What is typed into a search box is no choice of the form around it.
document.addEventListener(
  "change",
  (event) => event.target.dataset.find && event.stopPropagation(),
  true,
);

// Search in place: rows whose text has all the words stay.
document.addEventListener("input", (event) => {
  const box = event.target;
  if (box.dataset.find) filterRows(box);
  // The slider of steps has a box instead of an output.
  const output = box.type === "range" && box.parentElement.querySelector("output");
  if (output) output.textContent = box.value;
});
function filterRows(box) {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll(box.dataset.find)) {
    const item = row.closest("li") ?? row;
    const text = (row.title || row.textContent).toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
  if (!words.length) return;
  for (const folder of document.querySelectorAll(".tree details.folder")) folder.open = true;
}

// A choice in the lists goes to the address without what is default.
document.body.addEventListener("htmx:configRequest", (event) => {
  const parameters = event.detail.parameters;
  if (event.detail.elt.id === "media-form") {
    if (!parameters.name) parameters.none = "1";
    if (!parameters.step) delete parameters.step;
  }
  if (!["metric-form", "find-metric"].includes(event.detail.elt.id)) return;
  if (!parameters.find) delete parameters.find;
  if (parameters.x === "step") delete parameters.x;
  if (Number(parameters.smooth) === 0) delete parameters.smooth;
  if (!parameters.one) delete parameters.one;
  if (!parameters.key) parameters.none = "1";
  for (const name of Object.keys(parameters))
    if (/^(as|at|cx|cy):/.test(name) && !parameters[name]) delete parameters[name];
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const fresh = new DOMParser().parseFromString(event.detail.xhr.response ?? "", "text/html");
  for (const id of ["metric-count", "media-count"]) {
    const count = fresh.getElementById(id);
    const shown = document.getElementById(id);
    if (count && shown) shown.textContent = count.textContent;
  }
});

document.body.addEventListener("htmx:afterSwap", () => {
  preparePage();
  rememberParts();
});
function preparePage() {
  for (const box of document.querySelectorAll("[data-find]")) if (box.value) filterRows(box);
}

rememberParts();
preparePage();
live.hidden = !Number(page()?.dataset.pace);
