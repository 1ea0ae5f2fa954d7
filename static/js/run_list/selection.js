// The boxes of the rows: they are a form's buttons, and this sends that form when there
// is a pause, so that quick clicks lose nothing. The address keeps what is selected.
import { rest } from "../site/app.js";

const form = document.getElementById("select-form");
const boxes = () => [...document.querySelectorAll("#run-table [data-pick]")];
const isOn = (box) => box.getAttribute("aria-checked") === "true";
const PAUSE = 80;

let wanted = new Map();
let flying = new Map();
let asked, taken;
let sending = false;
let timer;
let last = "";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-pick], [data-pick-page], [data-pick-all]");
  if (!button) return;
  event.preventDefault();
  if (button.matches("[data-pick-all]")) {
    wanted = new Map([["", true]]);
    return send();
  }
  const on = !isOn(button);
  if (button.matches("[data-pick-page]")) {
    button.setAttribute("aria-checked", String(on));
    return choose(boxes(), on);
  }
  choose(event.shiftKey ? upTo(button) : [button], on);
  last = button.value;
});

// The boxes from the one that was last clicked to this one.
function upTo(box) {
  const all = boxes();
  const from = all.findIndex((each) => each.value === last);
  const to = all.indexOf(box);
  return from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
}

function choose(some, on) {
  for (const box of some) if (isOn(box) !== on) wanted.set(box.value, on);
  paint();
  clearTimeout(timer);
  timer = setTimeout(send, PAUSE);
}

// The color comes with the response.
function paint() {
  const now = new Map([...flying, ...wanted]);
  for (const box of boxes())
    if (now.has(box.value)) box.setAttribute("aria-checked", now.get(box.value));
}

// "" stands for all that match.
async function send() {
  clearTimeout(timer);
  if (sending || !wanted.size) return;
  sending = true;
  await rest("run-table");
  [flying, wanted, asked, taken] = [wanted, new Map(), location.href, false];
  const those = (on) =>
    [...flying]
      .filter((each) => each[0] && each[1] === on)
      .map((each) => each[0])
      .join(",");
  const values = {
    query: location.search.slice(1),
    add: those(true),
    drop: those(false),
    ...(flying.has("") && { all: "1" }),
  };
  try {
    await htmx.ajax("POST", form.action, {
      source: form,
      target: "#run-table",
      swap: "outerHTML show:none",
      values,
    });
    // If another list was requested since, its rows stay and the boxes are sent again.
    if (!taken) wanted = new Map([...flying, ...wanted]);
  } catch {
    // It was not sent: what was on is on.
    for (const box of boxes())
      if (flying.has(box.value)) box.setAttribute("aria-checked", !flying.get(box.value));
  }
  flying = new Map();
  sending = false;
  paint();
  send();
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.requestConfig.elt !== form) return;
  taken = event.detail.isError || location.href === asked;
  event.detail.shouldSwap &&= taken;
});
// What the server refused is not selected.
document.body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.elt === form) location.reload();
});

// Who draws the selected runs: their ids, names, numbers and series in the order of the
// numbers, at most a hundred of them; `total` says how many there are.
export function selection() {
  const tray = document.getElementById("run-tray");
  return { runs: JSON.parse(tray?.dataset.runs ?? "[]"), total: Number(tray?.dataset.total ?? 0) };
}

// The toolbar stands outside of what the list's answers bring.
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
  paint();
  offerComparison();
  const now = JSON.stringify(selection());
  if (now === known) return;
  known = now;
  document.body.dispatchEvent(new CustomEvent("selection:changed", { detail: JSON.parse(now) }));
});
