// Draw charts with Plotly, which is loaded with the first chart. Figures from the server have
// no colors; the colors of the reader's theme are added here.

const source = () => document.querySelector("[data-plotly]").dataset;
export const CONFIG = {
  displayModeBar: false,
  showTips: false,
  responsive: false,
  doubleClick: "reset",
  ...(document.documentElement.lang === "zh-hans" && { locale: "zh-CN" }),
};
let loading;

export function plotly() {
  loading ??= loadStyles().then(loadBundle);
  // After a failure, try again with the next drawing.
  loading.catch(() => (loading = undefined));
  return loading;
}

// Plotly's rules as a file: without it Plotly would write them inline. The id is its own.
function loadStyles() {
  const address = source().plotlyCss;
  if (!address || document.getElementById("plotly.js-style-global")) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.id = "plotly.js-style-global";
  link.className = "no-inline-styles";
  link.href = address;
  return appendAndWait(link);
}
function loadBundle() {
  const script = document.createElement("script");
  script.src = source().plotly;
  return appendAndWait(script)
    .then(loadLocale)
    .then(() => globalThis.Plotly);
}
// Plotly's own words and months in the page's language; without them it draws in English.
function loadLocale() {
  const address = source().plotlyLocale;
  if (!address) return Promise.resolve();
  const script = document.createElement("script");
  script.src = address;
  return appendAndWait(script).catch(() => {});
}
function appendAndWait(element) {
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      reject(new Error());
    };
    document.head.append(element);
  });
}

// Draws a figure into its place and has it follow the place's size; returns the traces, or
// nothing if the element was removed since.
export async function draw(plot, figure, range) {
  const Plotly = await plotly();
  if (!plot.isConnected) return null;
  const { data, layout } = applyTheme(figure, range);
  // Long labels that lie near each other would be turned, onto the title; so would those
  // of times, and of a logarithm, which come near each other at its end.
  const wide =
    { date: 80, log: 110 }[layout.xaxis.type] ?? (data.some(({ x }) => x?.at(-1) >= 1e5) && 80);
  if (wide) layout.xaxis.nticks = Math.max(2, Math.min(6, Math.floor(plot.clientWidth / wide)));
  // Drawn again, it keeps the size that it had.
  if (!trackedPlots.has(plot)) trackSize(plot, () => fitPlot(plot));
  await Plotly.react(plot, data, layout, CONFIG);
  if (plot.isConnected) return data;
  disposePlot(plot);
  return null;
}

// Elements that open or close next to a chart change its size without an event.
const trackedPlots = new WeakMap();
const resizedPlots = new Set();
const resizeObserver = new ResizeObserver((entries) => {
  if (!resizedPlots.size) requestAnimationFrame(redrawResized);
  for (const { target } of entries) resizedPlots.add(target);
});
const sizeOf = (plot) => `${plot.clientWidth} ${plot.clientHeight}`;
// Plotly draws errors in a box that has less room than its margins.
const MIN_WIDTH = 60;
export const isShown = (plot) => plot.isConnected && plot.offsetParent !== null;

function redrawResized() {
  for (const plot of resizedPlots) {
    const last = trackedPlots.get(plot);
    if (!last || !isShown(plot) || sizeOf(plot) === last.size) continue;
    if (plot.clientWidth < MIN_WIDTH) continue;
    last.size = sizeOf(plot);
    last.redraw();
  }
  resizedPlots.clear();
}

// At once: `Plotly.Plots.resize` waits, and can draw a plot that is hidden by then.
export async function fitPlot(plot) {
  const Plotly = await plotly();
  if (isShown(plot)) await Plotly.relayout(plot, { autosize: true });
}

// Set before drawing, in the current size of the box.
export function trackSize(plot, redraw) {
  trackedPlots.set(plot, { redraw, size: sizeOf(plot) });
  resizeObserver.observe(plot);
}

export function disposePlot(plot) {
  resizeObserver.unobserve(plot);
  trackedPlots.delete(plot);
  globalThis.Plotly?.purge(plot);
}
document.body.addEventListener(
  "htmx:beforeCleanupElement",
  ({ target }) => trackedPlots.has(target) && disposePlot(target),
);

// Before printing there is no time to redraw, so scale the charts to the paper.
addEventListener("beforeprint", () => {
  for (const svg of document.querySelectorAll(".plot .main-svg")) {
    const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
});
addEventListener("afterprint", () => {
  for (const svg of document.querySelectorAll(".plot .main-svg")) svg.removeAttribute("viewBox");
});

export const cssToken = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const series = (number) => cssToken(`series-${((number - 1) % 10) + 1}`);
export const font = (color) => ({ family: cssToken("sans"), size: 12, color });

// Colors of a third value: from 0 (min) to 1 (max).
export const scaleColor = (share) => withOpacity(cssToken("series-1"), 0.2 + 0.8 * share);
const withOpacity = (color, share) => color.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);

function themedTrace(trace) {
  const { part, series: number, each, shares } = trace.meta;
  const color =
    part === "odd" ? cssToken("fail") : part === "rule" ? cssToken("text-3") : series(number ?? 1);
  if (part === "band")
    return { ...trace, fillcolor: withOpacity(color, 0.18), line: { ...trace.line, color } };
  const dots =
    shares?.map(scaleColor) ?? each?.map((one) => (one ? series(one) : cssToken("fail")));
  return {
    ...trace,
    line: { ...trace.line, color },
    marker: { ...trace.marker, color: dots ?? color },
    ...(trace.error_y && { error_y: { ...trace.error_y, color: cssToken("text-3") } }),
    textfont: font(color),
  };
}

const themedShape = (shape) => ({
  ...shape,
  line: { color: cssToken("series-1"), width: shape.type === "rect" ? 0 : 1, dash: "dot" },
  fillcolor: withOpacity(cssToken("series-1"), 0.12),
});

export function applyTheme(figure, range) {
  const data = figure.data.map(themedTrace);
  const annotations = figure.layout.annotations?.map((note) => ({
    ...note,
    // `series-3` is named by its line, and has its color.
    font: font(note.name ? series(Number(note.name.slice(7))) : cssToken("text")),
  }));
  const axis = {
    gridcolor: cssToken("rule"),
    linecolor: cssToken("rule-2"),
    showline: true,
    tickcolor: cssToken("rule-2"),
    tickfont: font(cssToken("text-3")),
    nticks: 6,
    automargin: false,
  };
  const title = { ...figure.layout.xaxis.title, font: font(cssToken("text-3")) };
  const layout = {
    ...figure.layout,
    ...(annotations && { annotations }),
    ...(figure.layout.shapes && { shapes: figure.layout.shapes.map(themedShape) }),
    paper_bgcolor: cssToken("ground"),
    plot_bgcolor: cssToken("ground"),
    font: font(cssToken("text-3")),
    hoverlabel: {
      bgcolor: cssToken("raised"),
      bordercolor: cssToken("rule-2"),
      font: font(cssToken("text")),
    },
    xaxis: {
      ...figure.layout.xaxis,
      ...axis,
      title,
      spikecolor: cssToken("text-3"),
      spikethickness: 1,
      ...(range ? { range, autorange: false } : { range: figure.layout.xaxis.range?.slice() }),
    },
    yaxis: {
      ...figure.layout.yaxis,
      ...axis,
      automargin: true,
      ...(figure.layout.yaxis.title && {
        title: { ...figure.layout.yaxis.title, font: font(cssToken("text-3")) },
      }),
    },
  };
  return { data, layout };
}

// A figure says a line's dash as Plotly reads it: lengths in pixels.
const DASHES = {
  "6px,3px": "6 3",
  "2px,3px": "2 3",
  "8px,3px,2px,3px": "8 3 2 3",
  "12px,4px": "12 4",
};

export function legendItem(trace) {
  const item = document.createElement("span");
  const NS = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("width", "16");
  svg.setAttribute("height", "4");
  const line = document.createElementNS(NS, "path");
  line.setAttribute("d", "M0 2H16");
  line.setAttribute("stroke", trace.line.color);
  if (DASHES[trace.line.dash]) line.setAttribute("stroke-dasharray", DASHES[trace.line.dash]);
  svg.append(line);
  item.append(svg, trace.meta.key);
  return item;
}
