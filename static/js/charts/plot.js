// What every chart is drawn with: Plotly, loaded with the first chart, and the colours of
// the reader's theme, which figures leave open.

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
  loading ??= rules().then(bundle);
  // Without an answer it is asked for again with the next drawing.
  loading.catch(() => (loading = undefined));
  return loading;
}

// Plotly's rules as a file: without it Plotly would write them inline. The id is its own.
function rules() {
  const address = source().plotlyCss;
  if (!address || document.getElementById("plotly.js-style-global")) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.id = "plotly.js-style-global";
  link.className = "no-inline-styles";
  link.href = address;
  return loaded(link);
}
function bundle() {
  const script = document.createElement("script");
  script.src = source().plotly;
  return loaded(script)
    .then(words)
    .then(() => globalThis.Plotly);
}
// Plotly's own words and months in the page's language; without them it draws in English.
function words() {
  const address = source().plotlyLocale;
  if (!address) return Promise.resolve();
  const script = document.createElement("script");
  script.src = address;
  return loaded(script).catch(() => {});
}
function loaded(element) {
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
  const { data, layout } = coloured(figure, range);
  // Long labels that lie near each other would be turned, onto the title; so would those
  // of times, and of a logarithm, which come near each other at its end.
  const wide =
    { date: 80, log: 110 }[layout.xaxis.type] ?? (data.some(({ x }) => x?.at(-1) >= 1e5) && 80);
  if (wide) layout.xaxis.nticks = Math.max(2, Math.min(6, Math.floor(plot.clientWidth / wide)));
  // Drawn again, it keeps the size that it had.
  if (!fitted.has(plot)) fit(plot, () => Plotly.Plots.resize(plot));
  await Plotly.react(plot, data, layout, CONFIG);
  if (plot.isConnected) return data;
  forget(plot);
  return null;
}

// Elements that open, fold or resize next to a chart change its box without an event.
const fitted = new WeakMap();
const changed = new Set();
const boxes = new ResizeObserver((entries) => {
  if (!changed.size) requestAnimationFrame(refit);
  for (const { target } of entries) changed.add(target);
});
const sizeOf = (plot) => `${plot.clientWidth} ${plot.clientHeight}`;
export const isShown = (plot) => plot.isConnected && plot.offsetParent !== null;

function refit() {
  for (const plot of changed) {
    const last = fitted.get(plot);
    if (!last || !isShown(plot) || sizeOf(plot) === last.size) continue;
    last.size = sizeOf(plot);
    last.redraw();
  }
  changed.clear();
}

// Set before drawing, in the current size of the box.
export function fit(plot, redraw) {
  fitted.set(plot, { redraw, size: sizeOf(plot) });
  boxes.observe(plot);
}

export function forget(plot) {
  boxes.unobserve(plot);
  fitted.delete(plot);
  globalThis.Plotly?.purge(plot);
}
document.body.addEventListener(
  "htmx:beforeCleanupElement",
  ({ target }) => fitted.has(target) && forget(target),
);

// On paper a drawing is scaled to the page: there is no time to draw it again.
addEventListener("beforeprint", () => {
  for (const svg of document.querySelectorAll(".plot .main-svg")) {
    const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
});
addEventListener("afterprint", () => {
  for (const svg of document.querySelectorAll(".plot .main-svg")) svg.removeAttribute("viewBox");
});

export const token = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const series = (number) => token(`series-${((number - 1) % 10) + 1}`);
export const font = (color) => ({ family: token("sans"), size: 12, color });

// Colors of a third value: from 0 (min) to 1 (max).
export const ramp = (share) => faded(token("series-1"), 0.2 + 0.8 * share);
const faded = (color, share) => color.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);

function filled(trace) {
  const { part, series: number, each, shares } = trace.meta;
  const color =
    part === "odd" ? token("fail") : part === "rule" ? token("text-3") : series(number ?? 1);
  if (part === "band")
    return { ...trace, fillcolor: faded(color, 0.18), line: { ...trace.line, color } };
  const dots = shares?.map(ramp) ?? each?.map((one) => (one ? series(one) : token("fail")));
  return {
    ...trace,
    line: { ...trace.line, color },
    marker: { ...trace.marker, color: dots ?? color },
    ...(trace.error_y && { error_y: { ...trace.error_y, color: token("text-3") } }),
    textfont: font(color),
  };
}

export function coloured(figure, range) {
  const data = figure.data.map(filled);
  const annotations = figure.layout.annotations?.map((note) => ({
    ...note,
    font: font(token("text")),
  }));
  const axis = {
    gridcolor: token("rule"),
    linecolor: token("rule-2"),
    showline: true,
    tickcolor: token("rule-2"),
    tickfont: font(token("text-3")),
    nticks: 6,
    automargin: false,
  };
  const title = { ...figure.layout.xaxis.title, font: font(token("text-3")) };
  const layout = {
    ...figure.layout,
    ...(annotations && { annotations }),
    paper_bgcolor: token("ground"),
    plot_bgcolor: token("ground"),
    font: font(token("text-3")),
    hoverlabel: {
      bgcolor: token("raised"),
      bordercolor: token("rule-2"),
      font: font(token("text")),
    },
    xaxis: {
      ...figure.layout.xaxis,
      ...axis,
      title,
      spikecolor: token("text-3"),
      spikethickness: 1,
      ...(range ? { range, autorange: false } : { range: figure.layout.xaxis.range?.slice() }),
    },
    yaxis: {
      ...figure.layout.yaxis,
      ...axis,
      automargin: true,
      ...(figure.layout.yaxis.title && {
        title: { ...figure.layout.yaxis.title, font: font(token("text-3")) },
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

export function mark(trace) {
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
