// The facets panel: it follows the list, remembers which sections are open, and lets the
// bars of numbers be brushed. Everything in it is a link or a form.

import { fetchPage } from "../site/app.js";

const panel = () => document.getElementById("facets");
const button = () => document.getElementById("facets-toggle");
const isOpen = () => /[?&]facets=1(&|$)/.test(location.search);

// The list's query without its place in the pages and without the panel's own state.
function query() {
  const own = /^(after|before|open|more|find)=/;
  return location.search
    .slice(1)
    .split("&")
    .filter((pair) => pair && !own.test(pair));
}

// Until the panel is updated after a change of the list, its links are outdated. A choice
// made until then is repeated in the new panel.
let isStale = false;
// The running request for another list. The panel is updated after it: an earlier update
// would remove the link that sent the request.
let listRequest = null;
let chosen = "";
let lastRequest = 0;
async function load(state) {
  const number = ++lastRequest;
  const { facetsUrl, facetsOf } = button().dataset;
  const pairs = [...query(), ...(facetsOf ? [`in=${facetsOf}`] : []), ...(state ? [state] : [])];
  const response = await fetchPage(`${facetsUrl}?${pairs.join("&")}`);
  if (number !== lastRequest) return;
  isStale = false;
  if (response && isOpen()) show(response.html);
  const again = document.getElementById(chosen);
  chosen = "";
  again?.click();
}

function show(html) {
  const at = document.activeElement;
  const id = panel().contains(at) && at.id;
  const typed = at?.matches?.("#facets input") ? [at.value, at.selectionStart] : null;
  htmx.swap("#facets", html, { swapStyle: "outerHTML" });
  const again = id && document.getElementById(id);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typed) {
    again.value = typed[0];
    again.setSelectionRange(typed[1], typed[1]);
  }
}

// The list was drawn again: the panel follows, unless the reader types or brushes there.
function followList(isOwn) {
  if (!isOpen()) {
    isStale = false;
    panel().hidden = true;
    panel().replaceChildren();
    return;
  }
  const busy =
    document.activeElement?.matches("#facets input") || document.querySelector(".bars.brushing");
  if (isOwn || !busy || panel().hidden) load(panel().dataset.state);
}
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id !== "run-table") return;
  isStale = isOpen();
  listRequest = event.detail.xhr;
  // A response on its way would take away the link whose request this is.
  lastRequest += 1;
});
document.body.addEventListener("htmx:afterRequest", ({ detail: { xhr, successful } }) => {
  if (xhr !== listRequest) return;
  listRequest = null;
  if (!successful) followList(true);
});
// The address changes right after the swap. A refresh by itself brings no request along.
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "run-table" && !listRequest) followList(Boolean(event.detail.xhr));
});
document.body.addEventListener("htmx:historyRestore", () => followList(true));

document.addEventListener(
  "click",
  async (event) => {
    const choice = isStale && event.target.closest("#facets a.choice");
    if (choice) {
      chosen = choice.id;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const link = event.target.closest("a[data-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const state = new URL(link.href).search
      .slice(1)
      .split("&")
      .filter((pair) => /^(open|more|find)=/.test(pair));
    await load(state.join("&"));
    document.cookie = `facets=${panel().dataset.opened};path=${location.pathname.match(/^\/w\/[^/]+\//)?.[0] ?? "/"};max-age=31536000;samesite=lax`;
  },
  true,
);

// What says that it is a check box or a button is pressed as one.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches("#facets a[role]")) return;
  event.preventDefault();
  event.target.click();
});

let waiting;
document.addEventListener("input", (event) => {
  if (event.target.id !== "facets-find") return;
  clearTimeout(waiting);
  const kept = panel()
    .dataset.state.split("&")
    .filter((pair) => !pair.startsWith("find="));
  waiting = setTimeout(
    () => load([...kept, `find=${encodeURIComponent(event.target.value)}`].join("&")),
    200,
  );
});
document.addEventListener("submit", (event) => {
  if (event.target.matches(".facets-find")) event.preventDefault();
});

// Brushing: from the bar where the pointer goes down to the one where it goes up.
let start = null;
const barIndexAt = (bars, x) => {
  const rooms = [...bars.querySelectorAll(".room")];
  const { left, width } = bars.getBoundingClientRect();
  return Math.min(Math.max(Math.floor(((x - left) / width) * 13), 0), rooms.length - 1);
};
function brushed(bars, x) {
  const ends = [start, barIndexAt(bars, x)].sort((a, b) => a - b);
  return [...bars.querySelectorAll("g")].slice(ends[0], ends[1] + 1);
}
document.addEventListener("pointerdown", (event) => {
  const bars = event.button === 0 && event.target.closest?.(".bars");
  if (!bars) return;
  start = barIndexAt(bars, event.clientX);
  bars.setPointerCapture(event.pointerId);
  bars.classList.add("brushing");
  highlight(bars, event.clientX);
  event.preventDefault();
});
function highlight(bars, x) {
  const chosen = new Set(brushed(bars, x));
  for (const group of bars.querySelectorAll("g"))
    group.querySelector(".bar").classList.toggle("brushed", chosen.has(group));
}
document.addEventListener("pointermove", (event) => {
  const bars = start !== null && document.querySelector(".bars.brushing");
  if (bars) highlight(bars, event.clientX);
});
document.addEventListener("pointercancel", stopBrushing);
document.addEventListener("pointerup", (event) => {
  const bars = start !== null && document.querySelector(".bars.brushing");
  if (!bars) return;
  const rooms = brushed(bars, event.clientX).map((group) => group.querySelector(".room").dataset);
  const full = rooms.filter((room) => room.low);
  stopBrushing();
  if (!full.length) return;
  const form = bars.closest("form");
  form.elements.low.value = full[0].low;
  form.elements.high.value = full.at(-1).high;
  form.requestSubmit();
});
function stopBrushing() {
  start = null;
  for (const bars of document.querySelectorAll(".bars.brushing")) {
    bars.classList.remove("brushing");
    for (const bar of bars.querySelectorAll(".brushed")) bar.classList.remove("brushed");
  }
}

// The script came with the click that opened the panel.
if (isOpen() && panel().hidden) followList(true);
