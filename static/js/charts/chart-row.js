// The charts of a page with runs: load the figures of the cards in `#chart-row` as JSON, draw
// them, and update them while they change. Plotly is loaded with the first visible chart.

import { parameter, show } from "../run_list/list-address.js";
import { fetchPage, showOffline } from "../site/app.js";
import { focusToScroll } from "../site/scroll-focus.js";
import { legendItems } from "./chart-legend.js";
import { drawFigure, readFigure, redrawWithTheme } from "./figures.js";
import { disposePlot, isShown, plotly, series, trackSize } from "./plot.js";

const charts = new Map();
const enlarged = new Set();
const tables = new Set();
const row = () => document.getElementById("chart-row");
const cards = () => [...(row()?.querySelectorAll(".chart") ?? [])];
let current = 0;
let dragChart;

// Reading

function figureAddress(chart) {
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
    if (await readFigure(chart, figureAddress(chart))) await drawChart(chart);
  } catch (error) {
    // Keep a drawn chart; in an empty one, show the reason.
    chart.hasFailed = true;
    if (!chart.figure)
      showMessage(
        chart,
        error.status === 400 ? row().dataset.failedChart : document.body.dataset.offline,
      );
  }
  scheduleRefresh(chart);
}

function scheduleRefresh(chart) {
  clearTimeout(chart.timer);
  const seconds = (chart.figure?.pace ?? 20) * (chart.hasFailed ? 4 : 1);
  chart.timer = setTimeout(
    () => (document.hidden || chart.window ? scheduleRefresh(chart) : refresh(chart)),
    seconds * 1000,
  );
}

// Drawing

function showMessage(chart, text) {
  disposePlot(chart.plot);
  chart.isListening = false;
  chart.plot.classList.add("failed");
  chart.plot.textContent = text;
}

async function drawChart(chart) {
  const { figure, plot } = chart;
  updateLabels(chart);
  const empty = figure.kind ? !figure.lines.length : !figure.data.some((trace) => trace.x.length);
  if (empty) return showMessage(chart, row().dataset.empty);
  if (plot.classList.contains("failed")) {
    plot.classList.remove("failed");
    plot.replaceChildren();
  }
  if (figure.kind === "parallel") {
    const { drawParallel } = await import("./parallel.js");
    if (!plot.isConnected) return;
    trackSize(plot, () => drawChart(chart));
    return drawParallel(plot, figure, {
      color: series,
      brushed: (terms) => applyBrush(chart, terms),
    });
  }
  await drawFigure(chart, zoomedRange(chart), zoom);
}

// Return the zoomed range in the units of the axis.
function zoomedRange({ window, figure, card }) {
  if (!window) return undefined;
  const { unit, isLog } = axisScale({ figure, card });
  const place = (end) => (isLog ? Math.log10(end / unit) : end / unit);
  return [window.from, window.to].map((end) => (typeof end === "number" ? place(end) : end));
}

// Plotly gives the ends of a logarithmic axis as exponents of ten.
const axisScale = ({ figure, card }) => ({
  unit: card.dataset.axis === "relative" ? figure.unit : 1,
  isLog: figure.layout.xaxis.type === "log",
});

// Load the zoomed range at full resolution, with the points that sampling left out.
function zoom(chart, change) {
  if (chart.card.dataset.kind !== "line") return;
  const [from, to] = change["xaxis.range"] ?? [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  if (from === undefined && !change["xaxis.autorange"]) return;
  const { unit, isLog } = axisScale(chart);
  const place = (end) => (typeof end === "number" ? (isLog ? 10 ** end : end) * unit : end);
  const whole = chart.figure.layout.xaxis.range;
  const isWhole = from === undefined || (from === whole?.[0] && to === whole[1]);
  chart.window = isWhole ? undefined : { from: place(from), to: place(to) };
  refresh(chart).then(() => chart.hasFailed && showOffline());
}

function updateLabels({ card, figure }) {
  const note = card.querySelector("[data-note]");
  note.textContent = [note.dataset.said, figure.note].filter(Boolean).join("; ");
  note.title = note.textContent;
  const list = card.querySelector("[data-legend-list]");
  list.replaceChildren(...(figure.legend ? legendItems(figure) : []));
  focusToScroll(list);
  showFoot(card, figure);
  colorCheckboxes();
}

// Which of the runs are drawn, and which lines leave the range, each with its link.
function showFoot(card, figure) {
  for (const line of card.querySelectorAll("[data-foot]")) {
    const said = figure[line.dataset.foot];
    line.hidden = !said;
    line.querySelector("span").textContent = said?.text ?? "";
    const link = line.querySelector("a");
    link.textContent = said?.label ?? "";
    link.hidden = !said?.label || !link.getAttribute("href");
  }
}

// Give the checkboxes of unselected runs a border in the color of their line.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
function colorCheckboxes() {
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

async function applyBrush(chart, terms) {
  const query = terms.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const base = chart.card.dataset.brush;
  const response = await fetchPage(`${base}${base.includes("?") ? "&" : "?"}${query}`);
  if (response) openAddress(response.headers.get("X-Studio-Location"));
}

// Show the page at another address, as a click on a link does.
export function openAddress(place) {
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
    disposePlot(plot);
    charts.delete(plot);
  }
  colorCheckboxes();
  showChart(0);
  for (const card of cards()) updateCard(card);
  if (cards().length > 1)
    import("./chart-drag.js").then((module) => (dragChart = module.dragChart));
}

// One response has several parts, with an event for each.
let scanTimer;
function scheduleScan() {
  clearTimeout(scanTimer);
  scanTimer = setTimeout(scan);
}

function updateCard(card) {
  const plot = card.querySelector(".plot");
  card.classList.toggle("large", enlarged.has(card.id));
  card.querySelector("[data-enlarge]").setAttribute("aria-pressed", enlarged.has(card.id));
  const chart = charts.get(plot) ?? { plot };
  charts.set(plot, chart);
  chart.card = card;
  if (chart.figure) updateLabels(chart);
  if (chart.url && chart.url !== figureAddress(chart)) chart.window = undefined;
  refresh(chart);
  if (tables.has(card.id)) showTable(card);
}

// On a phone one chart is shown at a time.
function showChart(by) {
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
  const tableBox = card.querySelector("[data-table-box]");
  const response = await fetchPage(card.querySelector("[data-chart-table]").href);
  if (!response) return;
  tableBox.innerHTML = response.html;
  tableBox.firstElementChild.id = `table-of-${card.id}`;
  tableBox.classList.add("open");
}

// The toolbar is outside the part that a response replaces, so its link can have the query
// of an earlier list.
function editAddress(link) {
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
    const href = editAddress(at("[data-edit-chart]"));
    const place = cards().indexOf(card);
    const done = (address) => {
      focusIndex = place;
      openAddress(address);
    };
    import("./chart-dialog.js").then(
      ({ openChartDialog }) => openChartDialog(href, done),
      showOffline,
    );
  } else if (card && at("[data-enlarge]")) {
    const large = !enlarged.delete(card.id);
    if (large) enlarged.add(card.id);
    card.classList.toggle("large", large);
    at("[data-enlarge]").setAttribute("aria-pressed", large);
  } else if (card && at("[data-chart-table]")) {
    event.preventDefault();
    at("details").open = false;
    if (tables.delete(card.id)) card.querySelector("[data-table-box]").classList.remove("open");
    else {
      tables.add(card.id);
      showTable(card);
    }
  } else if (card && at("[data-save]")) {
    at("details").open = false;
    const kind = at("[data-save]").dataset.save;
    const chart = charts.get(card.querySelector(".plot"));
    if (chart?.figure)
      import("./chart-save.js").then(({ saveChart }) => saveChart(chart, kind)).catch(showOffline);
  } else if (at("[data-chart-step]")) showChart(Number(at("[data-chart-step]").dataset.chartStep));
  else if (card && at("a:not([download])"))
    focusIndex = cards().indexOf(card) + Number(at("a").dataset.moves ?? 0);
});

// A moved or changed chart keeps the focus. After a removal, the next chart gets it.
let focusIndex = -1;
document.body.addEventListener("htmx:afterSwap", () => {
  scheduleScan();
  const card = cards()[Math.min(focusIndex, cards().length - 1)];
  if (focusIndex >= 0)
    (card?.querySelector("summary") ?? document.getElementById("add-chart"))?.focus();
  focusIndex = -1;
});

// Dragging a chart by its title moves it to where it is dropped.
document.addEventListener("pointerdown", (event) => {
  const title =
    event.button === 0 && event.pointerType !== "touch" && event.target.closest?.(".chart-head b");
  if (!title || !dragChart || cards().length < 2) return;
  event.preventDefault();
  dragChart(event, title.closest(".chart"), cards(), (texts) =>
    openAddress(location.pathname + parameter("charts", texts.join(","))),
  );
});

document.body.addEventListener("selection:changed", scheduleScan);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const chart of charts.values()) if (!chart.window) refresh(chart);
});
const redrawCharts = () =>
  [...charts.values()].filter((chart) => chart.figure && isShown(chart.plot)).map(drawChart);
redrawWithTheme(redrawCharts);
matchMedia("(max-width: 767px)").addEventListener("change", () => {
  for (const chart of charts.values()) if (!chart.figure) refresh(chart);
});
scan();
