// The boxes of the rows: they are a form's buttons, and this sends that form when there
// is a pause, so that quick clicks lose nothing. The address keeps what is selected.

const form = document.getElementById("select-form");
const boxes = () => [...document.querySelectorAll("#run-table [data-pick]")];
const isOn = (box) => box.getAttribute("aria-checked") === "true";
const PAUSE = 80;

let wanted = new Map();
let flying = new Map();
let asked;
let sending = false;
let timer;
let last = "";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-pick], [data-pick-page], [data-pick-all]");
  if (!button) return;
  event.preventDefault();
  if (button.matches("[data-pick-all]")) return send({ all: "1" });
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

// The colour comes with the answer.
function paint() {
  for (const box of boxes()) {
    if (wanted.has(box.value)) box.setAttribute("aria-checked", String(wanted.get(box.value)));
  }
}

async function send(more = {}) {
  clearTimeout(timer);
  if (sending || (!wanted.size && !more.all)) return;
  flying = wanted;
  wanted = new Map();
  asked = location.href;
  sending = true;
  const those = (on) => [...flying].filter((each) => each[1] === on).map((each) => each[0]).join(",");
  const values = { query: location.search.slice(1), add: those(true), drop: those(false), ...more };
  try {
    await htmx.ajax("POST", form.action, { source: form, target: "#run-table", swap: "outerHTML show:none", values });
  } finally {
    sending = false;
    paint();
    send();
  }
}

// Where another list was asked for meanwhile, its rows stay and the boxes are sent anew.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.elt !== form || location.href === asked || event.detail.isError) return;
  event.detail.shouldSwap = false;
  wanted = new Map([...flying, ...wanted]);
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
  const [tool, tray] = [document.getElementById("tool-compare"), document.getElementById("tray-compare")];
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
  offerComparison();
  const now = JSON.stringify(selection());
  if (now === known) return;
  known = now;
  document.body.dispatchEvent(new CustomEvent("selection:changed", { detail: JSON.parse(now) }));
});
