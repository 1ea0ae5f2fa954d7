// Select experiments: the check boxes are fields of a form that the tray's buttons send.
// What is selected stays when the table changes, also what is on other pages.

const table = () => document.getElementById("experiment-table");
const boxes = () => {
  /** @type {NodeListOf<HTMLInputElement>} */
  const found = table().querySelectorAll("td.pick input");
  return [...found];
};
/** @returns {HTMLInputElement | null} */
const pageBox = () => table().querySelector("[data-pick-page]");
const picked = new Set();
let last = "";

function show() {
  for (const box of boxes()) {
    box.checked = picked.has(box.value);
    box.closest("tr").classList.toggle("chosen", box.checked);
  }
  const checked = boxes().filter((each) => each.checked).length;
  if (pageBox()) {
    pageBox().checked = checked > 0 && checked === boxes().length;
    pageBox().indeterminate = checked > 0 && checked < boxes().length;
  }
  const tray = document.getElementById("experiment-tray");
  if (!tray) return;
  keepElsewhere(tray);
  fill(tray.querySelector("[data-pick-count]"), picked.size, "");
  fill(tray.querySelector("[data-pick-elsewhere]"), picked.size - checked, ", ");
}

// Those on other pages have no check box here.
function keepElsewhere(tray) {
  for (const each of tray.querySelectorAll("[name=e]")) each.remove();
  const here = new Set(boxes().map((each) => each.value));
  for (const value of picked) {
    if (here.has(value)) continue;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "e";
    field.value = value;
    field.setAttribute("form", "pick-form");
    tray.append(field);
  }
}

function fill(element, number, before) {
  const text = number > 0 ? before + element.dataset.text.replace("#", number) : "";
  if (element.textContent !== text) element.textContent = text;
}

function setPicked(some, on) {
  for (const { value } of some) {
    if (on) picked.add(value);
    else picked.delete(value);
  }
  show();
}

// The boxes from the last clicked one to this one.
function range(box) {
  const all = boxes();
  const from = all.findIndex((each) => each.value === last);
  const to = all.indexOf(box);
  return from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("#pick-none")) {
    event.preventDefault();
    picked.clear();
    return show();
  }
  const box = event.target.closest("#experiment-table .pick input");
  if (!(box instanceof HTMLInputElement)) return;
  if (box === pageBox()) return setPicked(boxes(), box.checked);
  setPicked(event.shiftKey ? range(box) : [box], box.checked);
  last = box.value;
});

document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id === "experiment-table") show();
});
// After Back the browser shows the boxes as they were.
window.addEventListener("pageshow", () => {
  const checked = boxes().filter((each) => each.checked);
  setPicked(checked, true);
});
show();
