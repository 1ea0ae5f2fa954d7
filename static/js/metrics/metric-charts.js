// The charts of the run page: a panel a metric, zoomed, enlarged and saved as a file.

import { drawFigure, readFigure, redrawWithTheme } from "../charts/figures.js";
import { applyTheme, cssToken, disposePlot, font, legendItem, plotly } from "../charts/plot.js";
import { toast } from "../site/app.js";

const charts = new Map();

// A run can have thousands of metrics: after the first charts, which are drawn at once, also
// for paper, each is read and drawn when it comes near.
const NEAR = "600px";
const MAX_DRAWN_AT_ONCE = 12;
const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      const chart = charts.get(target);
      if (chart) showChart(chart);
    }
  },
  { rootMargin: NEAR },
);

async function readRange(chart, query = "") {
  const isNew = await readFigure(chart, chart.address + query);
  if (isNew) chart.query = query;
  return isNew;
}

async function drawChart(chart) {
  const data = await drawFigure(chart, chart.range, zoom);
  if (data) updateLabels(chart, data);
}

function updateLabels(chart, data) {
  const card = chart.plot.closest(".chart");
  if (chart.figure.note) card.querySelector("[data-note]").textContent = chart.figure.note;
  const { range } = chart.figure;
  const foot = card.querySelector("[data-range]");
  if (foot) {
    foot.hidden = !range;
    foot.querySelector("span").textContent = range?.text ?? "";
    foot.querySelector("a").textContent = range?.label ?? "";
  }
  const lines = data.filter((trace) => trace.meta.part === "line");
  const marks = lines.length > 1 ? lines.map((trace) => legendItem(trace)) : [];
  card.querySelector("[data-legend]").replaceChildren(...marks);
}

// Zooming reads the stretch again at full resolution, where points were left out.
async function zoom(chart, change) {
  const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  const left = from !== undefined;
  if (!left && !change["xaxis.autorange"] && !chart.range) return;
  if (!chart.figure.rereads && !chart.query) return;
  chart.range = left ? [from, to] : null;
  const ends = chart.isOverSteps ? [Math.floor(from), Math.ceil(to)] : [from, to];
  const query = left
    ? `&from=${encodeURIComponent(ends[0])}&to=${encodeURIComponent(ends[1])}`
    : "";
  try {
    if (await readRange(chart, query)) await drawChart(chart);
  } catch (error) {
    toast({ text: failureText(error) });
  }
}

// The browser's message for an unreachable server does not help the reader.
const failureText = (error) =>
  (error instanceof TypeError ? "" : error.message) || document.body.dataset.offline;

function addChart(plot) {
  const chart = { plot, address: withMoment(plot.dataset.chart) };
  chart.isOverSteps = !new URL(chart.address, location.href).searchParams.has("x");
  charts.set(plot, chart);
  if (charts.size <= MAX_DRAWN_AT_ONCE) showChart(chart);
  else near.observe(plot);
}

async function showChart(chart) {
  const { plot } = chart;
  try {
    await readRange(chart);
    await drawChart(chart);
    leadToLog(chart);
  } catch (error) {
    plot.classList.add("failed");
    plot.textContent = failureText(error);
  }
}

// The moment of a log line, which is marked in each chart.
function withMoment(address) {
  const moment = new URLSearchParams(location.search).get("moment");
  return moment ? `${address}&moment=${encodeURIComponent(moment)}` : address;
}

// A click on a point opens the log at the moment of the point.
function leadToLog({ plot, address }) {
  const charts = plot.closest(".charts[data-log]");
  const chart = new URL(address, location.href).searchParams;
  if (!charts || !plot.on || chart.has("as") || chart.has("cx")) return;
  // A value of another metric is no moment.
  if (chart.get("x")?.startsWith("metrics.")) return;
  plot.title = charts.dataset.logHint;
  plot.on("plotly_click", ({ points: [point] }) => {
    const query = new URLSearchParams();
    const keys = chart.getAll("key");
    query.set("key", keys.find((key) => key === point.data.name) ?? keys[0]);
    if (chart.has("x")) query.set("x", chart.get("x"));
    query.set("point", point.x);
    location.assign(`${charts.dataset.log}?${query}`);
  });
}

function scan() {
  for (const plot of charts.keys()) {
    if (plot.isConnected) continue;
    near.unobserve(plot);
    disposePlot(plot);
    charts.delete(plot);
  }
  for (const plot of document.querySelectorAll("[data-chart]"))
    if (!charts.has(plot)) addChart(plot);
}

document.body.addEventListener("htmx:afterSwap", scan);

// The sheet of options stays open, on the same option, while the charts below it change.
const optionSheet = () => document.getElementById("metric-options");
let openOption;
document.body.addEventListener("htmx:beforeSwap", () => {
  const sheet = optionSheet();
  openOption = sheet?.matches(":popover-open") && (document.activeElement.id || "metric-more");
});
document.body.addEventListener("htmx:afterSettle", () => {
  if (!openOption || !optionSheet() || optionSheet().matches(":popover-open")) return;
  optionSheet().showPopover();
  document.getElementById(openOption)?.focus();
});
document.addEventListener("run:changed", async () => {
  scan();
  for (const chart of charts.values()) {
    // A failed update needs no message: the dot in the page header shows it.
    if (!chart.range && chart.figure && (await readRange(chart).catch(() => false)))
      await drawChart(chart);
  }
});
document.addEventListener("click", (event) => {
  const picture = event.target.closest("[data-picture]");
  if (picture) {
    picture.closest("details").open = false;
    saveImage(
      charts.get(picture.closest(".chart").querySelector("[data-chart]")),
      picture.dataset.picture,
    );
  }
  const button = event.target.closest("[data-enlarge]");
  if (!button) return;
  const card = button.closest(".chart");
  const large = card.classList.toggle("large");
  button.setAttribute("aria-pressed", large);
});

// A chart as a file, unchanged, with its title and its lines' names.
async function saveImage(chart, format) {
  if (!chart?.figure) return;
  const Plotly = await plotly();
  const { data, layout } = applyTheme(chart.figure, chart.range);
  const name = chart.plot.dataset.title;
  const title = {
    text: name.replaceAll("<", "<\u200b").replaceAll("&", "&\u200b"),
    font: font(cssToken("text")),
    x: 0.02,
    xanchor: "left",
  };
  const lines = data.filter((trace) => trace.meta.part === "line").length;
  const whole = { ...layout, title, showlegend: lines > 1, margin: { ...layout.margin, t: 48 } };
  const size = { width: 960, height: 480, scale: format === "png" ? 2 : 1 };
  const image = await Plotly.toImage({ data, layout: whole }, { format, ...size });
  const link = document.createElement("a");
  link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "_")}.${format}`;
  link.href = URL.createObjectURL(dataUrlToBlob(image));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
function dataUrlToBlob(address) {
  const [head, body] = [
    address.slice(5, address.indexOf(",")),
    address.slice(address.indexOf(",") + 1),
  ];
  const [type] = head.split(";");
  if (!head.includes("base64")) return new Blob([decodeURIComponent(body)], { type });
  return new Blob([Uint8Array.from(atob(body), (char) => char.charCodeAt(0))], { type });
}

// Charts that were never near are drawn before the browser prints the page.
document.addEventListener("keydown", async (event) => {
  if (event.key.toLowerCase() !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey)
    return;
  const missing = [...charts.values()].filter(
    (chart) => !chart.figure && !chart.plot.classList.contains("failed"),
  );
  if (!missing.length) return;
  event.preventDefault();
  await Promise.all(missing.map(showChart));
  print();
});

const redrawCharts = () =>
  Promise.all([...charts.values()].filter((chart) => chart.figure).map(drawChart));
redrawWithTheme(redrawCharts);
scan();
