// Draws the charts of the run page: figures come from the server as JSON.

import { CONFIG, coloured, mark, plotly } from "./plot.js";

const drawn = new Map();

async function read(chart, query = "") {
  const answer = await fetch(chart.url + query, {
    headers: chart.etag && chart.query === query ? { "If-None-Match": chart.etag } : {},
    cache: "no-store",
  });
  if (answer.status === 304) return false;
  if (!answer.ok) throw new Error(answer.statusText);
  chart.figure = await answer.json();
  chart.etag = answer.headers.get("ETag");
  chart.query = query;
  return true;
}

async function paint(chart) {
  const Plotly = await plotly();
  const { data, layout } = coloured(chart.figure, chart.range);
  await Plotly.react(chart.plot, data, layout, CONFIG);
  label(chart, data);
  if (chart.listening) return;
  chart.listening = true;
  chart.plot.on("plotly_relayout", (change) => zoom(chart, change));
}

function label(chart, data) {
  const card = chart.plot.closest(".chart");
  card.querySelector("[data-note]").textContent = chart.figure.note;
  const lines = data.filter((trace) => trace.meta.part === "line");
  const marks = lines.length > 1 ? lines.map((trace) => mark(trace)) : [];
  card.querySelector("[data-legend]").replaceChildren(...marks);
}

// Zooming reads the stretch again at full resolution, where points were left out.
async function zoom(chart, change) {
  const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  const left = typeof from === "number";
  if (!left && !change["xaxis.autorange"] && !chart.range) return;
  const sampled = chart.figure.note || chart.query;
  if (!sampled || chart.figure.layout.xaxis.title.text !== chart.stepTitle) return;
  chart.range = left ? [from, to] : null;
  if (await read(chart, left ? `&from=${Math.floor(from)}&to=${Math.ceil(to)}` : "")) await paint(chart);
}

async function start(plot) {
  const chart = { plot, url: plot.dataset.chart };
  drawn.set(plot, chart);
  try {
    await read(chart);
    chart.stepTitle = new URL(chart.url, location.href).searchParams.has("x") ? null : chart.figure.layout.xaxis.title.text;
    await paint(chart);
  } catch {
    plot.classList.add("failed");
    plot.textContent = document.body.dataset.offline;
  }
}

function scan() {
  for (const plot of drawn.keys()) {
    if (plot.isConnected) continue;
    globalThis.Plotly?.purge(plot);
    drawn.delete(plot);
  }
  for (const plot of document.querySelectorAll("[data-chart]")) if (!drawn.has(plot)) start(plot);
}

document.body.addEventListener("htmx:afterSwap", scan);
document.addEventListener("run:changed", async () => {
  scan();
  for (const chart of drawn.values()) {
    if (!chart.range && chart.figure && (await read(chart))) await paint(chart);
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-enlarge]");
  if (!button) return;
  const card = button.closest(".chart");
  const large = card.classList.toggle("large");
  button.setAttribute("aria-pressed", large);
  globalThis.Plotly?.Plots.resize(card.querySelector(".plot"));
});

const repaint = () => Promise.all([...drawn.values()].filter((chart) => chart.figure).map(paint));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
// Paper has the light tokens, and another width.
matchMedia("print").addEventListener("change", async () => {
  await repaint();
  for (const plot of drawn.keys()) globalThis.Plotly?.Plots.resize(plot);
});
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
scan();
