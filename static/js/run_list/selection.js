// Select runs: the checkboxes of the rows are buttons of a form. It is sent after a short
// pause, so that no quick click is lost. The address has the selection.
import { requestsSettled } from "../site/app.js";

const form = document.getElementById("select-form");
const boxes = () => [...document.querySelectorAll("#run-table [data-pick]")];
const isOn = (box) => box.getAttribute("aria-checked") === "true";
const PAUSE_MS = 80;
// Changes of the selection as a whole, as keys next to the ids of runs.
const [ALL, NONE] = [Symbol("all"), Symbol("none")];

let unsent = new Map();
let sent = new Map();
let sentFrom, isAccepted;
let isSending = false;
let timer;
let last = "";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(
    "[data-pick], [data-pick-page], [data-pick-all], #pick-none",
  );
  if (!button) return;
  event.preventDefault();
  if (button.matches("#pick-none")) return setWhole([NONE]);
  if (button.matches("[data-pick-all]")) return setWhole(unsent.has(NONE) ? [NONE, ALL] : [ALL]);
  const on = !isOn(button);
  if (button.matches("[data-pick-page]")) {
    button.setAttribute("aria-checked", String(on));
    return setSelected(boxes(), on);
  }
  setSelected(event.shiftKey ? checkboxRange(button) : [button], on);
  last = button.value;
});

// The checkboxes from the last clicked one to this one.
function checkboxRange(box) {
  const all = boxes();
  const from = all.findIndex((each) => each.value === last);
  const to = all.indexOf(box);
  return from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
}

function setWhole(keys) {
  unsent = new Map(keys.map((key) => [key, true]));
  updateCheckboxes();
  send();
}

function setSelected(some, on) {
  for (const box of some) if (isOn(box) !== on) unsent.set(box.value, on);
  updateCheckboxes();
  clearTimeout(timer);
  timer = setTimeout(send, PAUSE_MS);
}

// What is not in the response yet. The server clears the selection before it adds runs.
const changes = () => (unsent.has(NONE) ? unsent : new Map([...sent, ...unsent]));

// The color comes with the response.
function updateCheckboxes() {
  const now = changes();
  if (now.has(NONE)) document.getElementById("pick-page")?.setAttribute("aria-checked", "false");
  for (const box of boxes()) {
    const on = now.get(box.value) ?? (now.has(NONE) ? now.has(ALL) : undefined);
    if (on !== undefined) box.setAttribute("aria-checked", on);
  }
}

async function send() {
  clearTimeout(timer);
  if (isSending || !unsent.size) return;
  isSending = true;
  await requestsSettled("run-table");
  [sent, unsent, sentFrom, isAccepted] = [unsent, new Map(), location.href, false];
  const idsWith = (on) =>
    [...sent]
      .filter((each) => typeof each[0] === "string" && each[1] === on)
      .map((each) => each[0])
      .join(",");
  const values = {
    query: location.search.slice(1),
    add: idsWith(true),
    drop: idsWith(false),
    ...(sent.has(NONE) && { none: "1" }),
    ...(sent.has(ALL) && { all: "1" }),
  };
  try {
    await htmx.ajax("POST", form.action, {
      source: form,
      target: "#run-table",
      swap: "outerHTML show:none",
      values,
    });
    // If another list was requested since, its rows stay and the boxes are sent again.
    if (!isAccepted) unsent = changes();
  } catch {
    // Nothing was sent, so restore the checkboxes.
    for (const box of boxes())
      if (sent.has(box.value)) box.setAttribute("aria-checked", !sent.get(box.value));
  }
  sent = new Map();
  isSending = false;
  updateCheckboxes();
  send();
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.requestConfig.elt !== form) return;
  isAccepted = event.detail.isError || location.href === sentFrom;
  event.detail.shouldSwap &&= isAccepted;
});
// What the server refused is not selected.
document.body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.elt === form) location.reload();
});

// The selected runs for charts: ids, names, numbers and series, sorted by number, at most a
// hundred. `total` is the number of selected runs.
export function selection() {
  const tray = document.getElementById("selection-bar");
  return { runs: JSON.parse(tray?.dataset.runs ?? "[]"), total: Number(tray?.dataset.total ?? 0) };
}

// The toolbar is outside the part that a response replaces, so update it here.
function offerComparison() {
  const [tool, tray] = [
    document.getElementById("tool-compare"),
    document.getElementById("tray-compare"),
  ];
  const href = tray?.getAttribute("href");
  tool.title = tray?.title ?? tool.dataset.none;
  tool.toggleAttribute("href", Boolean(href));
  if (href) {
    tool.href = href;
    tool.removeAttribute("aria-disabled");
  } else tool.setAttribute("aria-disabled", "true");
}

let known = JSON.stringify(selection());
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "run-table") return;
  updateCheckboxes();
  offerComparison();
  const now = JSON.stringify(selection());
  if (now === known) return;
  known = now;
  document.body.dispatchEvent(new CustomEvent("selection:changed", { detail: JSON.parse(now) }));
});
