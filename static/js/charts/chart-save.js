// Save a chart as a file, as it is drawn now, with a title and a legend.

import { namedTraces } from "./chart-legend.js";
import { applyTheme, CONFIG, cssToken, font, plotly, series } from "./plot.js";

const SIZE = { width: 900, height: 520 };
// With more bars or dots, the legend would not fit.
const MAX_NAMES = 40;
const NS = "http://www.w3.org/2000/svg";

export async function saveChart(chart, kind) {
  const svg = chart.figure.kind ? await renderParallel(chart) : await renderPlotly(chart);
  const name = `${chart.card.dataset.title.replace(/[^\w.-]+/g, "-")}.${kind}`;
  if (kind === "svg") return download(new Blob([svg], { type: "image/svg+xml" }), name);
  download(await renderPng(svg), name);
}

async function renderPlotly(chart) {
  const Plotly = await plotly();
  const { data, layout } = applyTheme(chart.figure);
  const legend = { font: font(cssToken("text")), orientation: "h", y: -0.18 };
  const title = {
    text: escapeTags(chart.card.dataset.title),
    font: { ...font(cssToken("text")), size: 16 },
    x: 0.01,
  };
  const names = legendTraces(chart);
  const shown = {
    ...layout,
    ...SIZE,
    title,
    legend,
    showlegend: names.length > 0,
    margin: { t: 48, r: 24, b: 56, l: 64 },
  };
  const traces = [...data.map((trace) => ({ ...trace, showlegend: false })), ...names];
  return withHiddenPlot(async (place) => {
    await Plotly.newPlot(place, traces, shown, { ...CONFIG, staticPlot: true });
    const svg = mergeLayers([...place.querySelectorAll(".main-svg")]);
    Plotly.purge(place);
    return svg;
  });
}

// Plotly's own legend has one name a trace, and a trace of bars or dots has many colors.
function legendTraces({ figure, card }) {
  const all = namedTraces(figure);
  if (all.length < 2 || (all.length > MAX_NAMES && card.dataset.kind !== "line")) return [];
  return all.map(({ meta, line }) => ({
    type: "scatter",
    mode: "lines",
    x: [null],
    y: [null],
    name: escapeTags(meta.key),
    line: { width: 2, ...line },
    showlegend: true,
  }));
}

const escapeTags = (text) => text.replace(/</g, "<\u200b");

async function renderParallel({ figure }) {
  const { drawParallel } = await import("./parallel.js");
  return withHiddenPlot((place) => {
    for (const [name, value] of Object.entries(SIZE)) place.style[name] = `${value}px`;
    drawParallel(place, figure, { color: series, brushed() {} });
    for (const hand of place.querySelectorAll(".handle, .brush, .brush-area")) hand.remove();
    return mergeLayers([place.querySelector("svg")]);
  });
}

// Out of sight, in the file's size and not that of the card.
async function withHiddenPlot(make) {
  const place = document.createElement("div");
  place.className = "off-screen";
  document.body.append(place);
  try {
    return await make(place);
  } finally {
    place.remove();
  }
}

// Merge the layers into one image, with the styles of the page's style sheets.
function mergeLayers(layers) {
  const box = layers[0].getBoundingClientRect();
  const root = document.createElementNS(NS, "svg");
  const size = { width: box.width, height: box.height, viewBox: `0 0 ${box.width} ${box.height}` };
  for (const [name, value] of Object.entries(size)) root.setAttribute(name, value);
  const ground = document.createElementNS(NS, "rect");
  for (const [name, value] of Object.entries({
    width: "100%",
    height: "100%",
    fill: cssToken("ground"),
  }))
    ground.setAttribute(name, value);
  root.append(ground, ...layers.map(copyWithStyles));
  return new XMLSerializer().serializeToString(root);
}

const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "paint-order",
  "stroke-linejoin",
  "display",
  "visibility",
];

function copyWithStyles(layer) {
  const copy = layer.cloneNode(true);
  const [from, to] = [
    [layer, ...layer.querySelectorAll("*")],
    [copy, ...copy.querySelectorAll("*")],
  ];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    to[at].removeAttribute("style");
    to[at].removeAttribute("class");
    for (const name of STYLES) to[at].setAttribute(name, style.getPropertyValue(name));
  });
  return copy;
}

async function renderPng(svg) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width * 2, picture.height * 2];
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
