// The charts of a page with runs: what the cards of `#chart-row` name is read as JSON,
// drawn, and read again while it changes. Plotly comes with the first one that is shown.

import { parameter, show } from "../run_list/list-address.js";
import { answerOf, unheard } from "../site/app.js";
import { entries } from "./chart-legend.js";
import { drawFigure, readFigure, redrawWithTheme } from "./figures.js";
import { fit, forget, isShown, plotly, series } from "./plot.js";

const charts = new Map();
const enlarged = new Set();
const tables = new Set();
const row = () => document.getElementById("chart-row");
const cards = () => [...(row()?.querySelectorAll(".chart") ?? [])];
let current = 0;
let drag;

// Reading

function address(chart) {
  const { from, to } = chart.window ?? {};
  const more = [
    from !== undefined && `from=${encodeURIComponent(from)}`,
    to !== undefined && `to=${encodeURIComponent(to)}`,
  ];
  return [chart.card.dataset.figure, ...more.filter(Boolean)].join("&");
}

async function refresh(chart) {
  clearTimeout(chart.timer);
  if (!isShown(chart.plot)) return;
  // Plotly and the first figure come side by side.
  if (chart.card.dataset.kind !== "parallel") plotly().catch(() => {});
  try {
    if (await readFigure(chart, address(chart))) await paint(chart);
  } catch (error) {
    // What is drawn stays; a chart that never was says why there is none.
    chart.hasFailed = true;
    if (!chart.figure)
      say(chart, error.status === 400 ? row().dataset.failedChart : document.body.dataset.offline);
  }
  follow(chart);
}

function follow(chart) {
  clearTimeout(chart.timer);
  const pace = (chart.figure?.pace ?? 20) * (chart.hasFailed ? 4 : 1);
  chart.timer = setTimeout(
    () => (document.hidden || chart.window ? follow(chart) : refresh(chart)),
    pace * 1000,
  );
}

// Drawing

function say(chart, text) {
  forget(chart.plot);
  chart.isListening = false;
  chart.plot.classList.add("failed");
  chart.plot.textContent = text;
}

async function paint(chart) {
  const { figure, plot } = chart;
  label(chart);
  const empty = figure.kind ? !figure.lines.length : !figure.data.some((trace) => trace.x.length);
  if (empty) return say(chart, row().dataset.empty);
  if (plot.classList.contains("failed")) {
    plot.classList.remove("failed");
    plot.replaceChildren();
  }
  if (figure.kind === "parallel") {
    const { drawParallel } = await import("./parallel.js");
    if (!plot.isConnected) return;
    fit(plot, () => paint(chart));
    return drawParallel(plot, figure, { color: series, brushed: (terms) => brush(chart, terms) });
  }
  await drawFigure(chart, range(chart), zoom);
}

// What is zoomed to, in the units of the axis as it is drawn now.
function range({ window, figure, card }) {
  if (!window) return undefined;
  const { unit, isLog } = scale({ figure, card });
  const place = (end) => (isLog ? Math.log10(end / unit) : end / unit);
  return [window.from, window.to].map((end) => (typeof end === "number" ? place(end) : end));
}

// A logarithmic axis says its ends as powers of ten.
const scale = ({ figure, card }) => ({
  unit: card.dataset.axis === "relative" ? figure.unit : 1,
  isLog: figure.layout.xaxis.type === "log",
});

// A stretch is read again at full resolution: what was left out of it may be in it.
function zoom(chart, change) {
  if (chart.card.dataset.kind !== "line") return;
  const [from, to] = change["xaxis.range"] ?? [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  if (from === undefined && !change["xaxis.autorange"]) return;
  const { unit, isLog } = scale(chart);
  const place = (end) => (typeof end === "number" ? (isLog ? 10 ** end : end) * unit : end);
  const whole = chart.figure.layout.xaxis.range;
  const isWhole = from === undefined || (from === whole?.[0] && to === whole[1]);
  chart.window = isWhole ? undefined : { from: place(from), to: place(to) };
  refresh(chart).then(() => chart.hasFailed && unheard());
}

function label({ card, figure }) {
  const note = card.querySelector("[data-note]");
  note.textContent = [note.dataset.said, figure.note].filter(Boolean).join("; ");
  note.title = note.textContent;
  const list = card.querySelector("[data-legend-list]");
  list.replaceChildren(...(figure.legend ? entries(figure) : []));
  edgeBoxes();
}

// Boxes of unselected runs have an edge in the color of their line.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
function edgeBoxes() {
  const first = Object.assign(
    {},
    ...[...charts.values()].map((chart) => chart.figure?.first ?? {}),
  );
  const rules = Object.entries(first).map(
    ([id, number]) =>
      `tr:has([data-id="${CSS.escape(id)}"]) .pick-box:not([aria-checked="true"])::before { border: 2px solid var(--series-${((number - 1) % 10) + 1}); }`,
  );
  sheet.replaceSync(rules.join("\n"));
}

async function brush(chart, terms) {
  const query = terms.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const base = chart.card.dataset.brush;
  const answer = await answerOf(`${base}${base.includes("?") ? "&" : "?"}${query}`);
  if (answer) leave(answer.headers.get("X-Studio-Location"));
}

// The page at another address, as a link of it would show it.
export function leave(place) {
  const url = new URL(place, location.href);
  const part = ["run-table", "compare"].find((id) => document.getElementById(id));
  if (url.pathname === location.pathname && part) show(url.search, { part });
  else location.assign(url);
}

// The row

function scan() {
  for (const [plot, chart] of charts) {
    if (plot.isConnected) continue;
    clearTimeout(chart.timer);
    forget(plot);
    charts.delete(plot);
  }
  edgeBoxes();
  step(0);
  for (const card of cards()) arrange(card);
  if (cards().length > 1) import("./chart-drag.js").then((module) => (drag = module.drag));
}

// One response has several parts, with an event for each.
let due;
function scheduleScan() {
  clearTimeout(due);
  due = setTimeout(scan);
}

function arrange(card) {
  const plot = card.querySelector(".plot");
  card.classList.toggle("large", enlarged.has(card.id));
  card.querySelector("[data-enlarge]").setAttribute("aria-pressed", enlarged.has(card.id));
  const chart = charts.get(plot) ?? { plot };
  charts.set(plot, chart);
  chart.card = card;
  if (chart.figure) label(chart);
  if (chart.url && chart.url !== address(chart)) chart.window = undefined;
  refresh(chart);
  if (tables.has(card.id)) showTable(card);
}

// On a phone one chart is shown at a time.
function step(by) {
  const all = cards();
  if (!all.length) return;
  current = (current + by + all.length) % all.length;
  for (const [at, card] of all.entries()) card.classList.toggle("current", at === current);
  const place = row()
    .dataset.of.replace("%s", String(current + 1))
    .replace("%s", String(all.length));
  if (all.length > 1)
    for (const each of all) each.querySelector("[data-note]").dataset.at = `${place}, `;
  if (!by) return;
  const chart = charts.get(all[current].querySelector(".plot"));
  if (!chart.figure) refresh(chart);
}

async function showTable(card) {
  const tableBox = card.querySelector("[data-beside]");
  const answer = await answerOf(card.querySelector("[data-chart-table]").href);
  if (!answer) return;
  tableBox.innerHTML = answer.html;
  tableBox.firstElementChild.id = `table-of-${card.id}`;
  tableBox.classList.add("open");
}

// The toolbar's link stands outside of what the list's answers bring: its query may be that
// of an earlier list.
function addressOf(link) {
  if (link.dataset.in === undefined) return link.href;
  const inside = link.dataset.in && `in=${link.dataset.in}`;
  return `${link.pathname}?${[location.search.slice(1), inside].filter(Boolean).join("&")}`;
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  const card = at(".chart");
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (at("[data-edit-chart]")) {
    event.preventDefault();
    at("details")?.removeAttribute("open");
    const href = addressOf(at("[data-edit-chart]"));
    const place = cards().indexOf(card);
    const done = (address) => {
      back = place;
      leave(address);
    };
    import("./chart-dialog.js").then(({ open }) => open(href, done), unheard);
  } else if (card && at("[data-enlarge]")) {
    const large = !enlarged.delete(card.id);
    if (large) enlarged.add(card.id);
    card.classList.toggle("large", large);
    at("[data-enlarge]").setAttribute("aria-pressed", large);
  } else if (card && at("[data-chart-table]")) {
    event.preventDefault();
    at("details").open = false;
    if (tables.delete(card.id)) card.querySelector("[data-beside]").classList.remove("open");
    else {
      tables.add(card.id);
      showTable(card);
    }
  } else if (card && at("[data-save]")) {
    at("details").open = false;
    const kind = at("[data-save]").dataset.save;
    const chart = charts.get(card.querySelector(".plot"));
    if (chart?.figure)
      import("./chart-save.js").then(({ save }) => save(chart, kind)).catch(unheard);
  } else if (at("[data-chart-step]")) step(Number(at("[data-chart-step]").dataset.chartStep));
  else if (card && at("a:not([download])"))
    back = cards().indexOf(card) + Number(at("a").dataset.moves ?? 0);
});

// A chart that was moved or is of another kind keeps the focus; of one that was removed,
// what stands in its place has it.
let back = -1;
document.body.addEventListener("htmx:afterSwap", () => {
  scheduleScan();
  const card = cards()[Math.min(back, cards().length - 1)];
  if (back >= 0) (card?.querySelector("summary") ?? document.getElementById("add-chart"))?.focus();
  back = -1;
});

// Dragging a chart by its title moves it to where it is dropped.
document.addEventListener("pointerdown", (event) => {
  const title =
    event.button === 0 && event.pointerType !== "touch" && event.target.closest?.(".chart-head b");
  if (!title || !drag || cards().length < 2) return;
  event.preventDefault();
  drag(event, title.closest(".chart"), cards(), (texts) =>
    leave(location.pathname + parameter("charts", texts.join(","))),
  );
});

document.body.addEventListener("selection:changed", scheduleScan);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const chart of charts.values()) if (!chart.window) refresh(chart);
});
const repaint = () =>
  [...charts.values()].filter((chart) => chart.figure && isShown(chart.plot)).map(paint);
redrawWithTheme(repaint);
matchMedia("(max-width: 767px)").addEventListener("change", () => {
  for (const chart of charts.values()) if (!chart.figure) refresh(chart);
});
scan();
