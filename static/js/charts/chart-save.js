// A chart as a file, as it is drawn now, with a title and what tells its lines apart.

import { namedTraces } from "./chart-legend.js";
import { CONFIG, coloured, font, plotly, series, token } from "./plot.js";

const SIZE = { width: 900, height: 520 };
// More bars or dots than these have no room for names next to them.
const MOST_NAMES = 40;
const NS = "http://www.w3.org/2000/svg";

export async function save(chart, kind) {
  const svg = chart.figure.kind ? await parallel(chart) : await drawn(chart);
  const name = `${chart.card.dataset.title.replace(/[^\w.-]+/g, "-")}.${kind}`;
  if (kind === "svg") return download(new Blob([svg], { type: "image/svg+xml" }), name);
  download(await painted(svg), name);
}

async function drawn(chart) {
  const Plotly = await plotly();
  const { data, layout } = coloured(chart.figure);
  const legend = { font: font(token("text")), orientation: "h", y: -0.18 };
  const title = {
    text: plain(chart.card.dataset.title),
    font: { ...font(token("text")), size: 16 },
    x: 0.01,
  };
  const names = named(chart);
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
    const svg = written([...place.querySelectorAll(".main-svg")]);
    Plotly.purge(place);
    return svg;
  });
}

// Plotly's own legend has one name a trace, and a trace of bars or dots has many colors.
function named({ figure, card }) {
  const all = namedTraces(figure);
  if (all.length < 2 || (all.length > MOST_NAMES && card.dataset.kind !== "line")) return [];
  return all.map(({ meta, line }) => ({
    type: "scatter",
    mode: "lines",
    x: [null],
    y: [null],
    name: plain(meta.key),
    line: { width: 2, ...line },
    showlegend: true,
  }));
}

const plain = (text) => text.replace(/</g, "<\u200b");

async function parallel({ figure }) {
  const { drawParallel } = await import("./parallel.js");
  return withHiddenPlot((place) => {
    for (const [name, value] of Object.entries(SIZE)) place.style[name] = `${value}px`;
    drawParallel(place, figure, { color: series, brushed() {} });
    for (const hand of place.querySelectorAll(".handle, .brush, .brush-area")) hand.remove();
    return written([place.querySelector("svg")]);
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

// One picture of the layers, each with what the page's style sheets say of it.
function written(layers) {
  const box = layers[0].getBoundingClientRect();
  const root = document.createElementNS(NS, "svg");
  const size = { width: box.width, height: box.height, viewBox: `0 0 ${box.width} ${box.height}` };
  for (const [name, value] of Object.entries(size)) root.setAttribute(name, value);
  const ground = document.createElementNS(NS, "rect");
  for (const [name, value] of Object.entries({
    width: "100%",
    height: "100%",
    fill: token("ground"),
  }))
    ground.setAttribute(name, value);
  root.append(ground, ...layers.map(dressed));
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

function dressed(layer) {
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

async function painted(svg) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width * 2, picture.height * 2];
  const brush = canvas.getContext("2d");
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
