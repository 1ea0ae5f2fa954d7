// What every chart is drawn with: Plotly, loaded with the first chart, and the colours of
// the reader's theme, which figures leave open.

const source = () => document.querySelector("[data-plotly]").dataset;
export const CONFIG = { displayModeBar: false, showTips: false, responsive: true, doubleClick: "reset" };
let loading;

export function plotly() {
  loading ??= rules().then(bundle);
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
  return loaded(script).then(() => globalThis.Plotly);
}
function loaded(element) {
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = reject;
    document.head.append(element);
  });
}

// On paper a drawing is scaled to the page: there is no time to draw it anew.
addEventListener("beforeprint", () => {
  for (const svg of document.querySelectorAll(".plot .main-svg")) {
    const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
});
addEventListener("afterprint", () => {
  for (const svg of document.querySelectorAll(".plot .main-svg")) svg.removeAttribute("viewBox");
});

export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const series = (number) => token(`series-${((number - 1) % 10) + 1}`);
export const font = (colour) => ({ family: token("sans"), size: 12, color: colour });

// What a third value colours: from 0, the least, to 1, the greatest.
export const ramp = (share) => faded(token("series-1"), 0.2 + 0.8 * share);
const faded = (colour, share) => colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);

function filled(trace) {
  const { part, series: number, each, shares } = trace.meta;
  const colour = part === "odd" ? token("fail") : part === "rule" ? token("text-3") : series(number ?? 1);
  if (part === "band") return { ...trace, fillcolor: faded(colour, 0.18), line: { ...trace.line, color: colour } };
  const dots = shares?.map(ramp) ?? each?.map((one) => (one ? series(one) : token("fail")));
  return {
    ...trace,
    line: { ...trace.line, color: colour },
    marker: { ...trace.marker, color: dots ?? colour },
    ...(trace.error_y && { error_y: { ...trace.error_y, color: token("text-2") } }),
    textfont: font(colour),
  };
}

export function coloured(figure, range) {
  const data = figure.data.map(filled);
  const annotations = figure.layout.annotations?.map((note) => ({ ...note, font: font(token("text")) }));
  const axis = {
    gridcolor: token("rule"), linecolor: token("rule-2"), showline: true, tickcolor: token("rule-2"),
    tickfont: font(token("text-3")), nticks: 6, automargin: false,
  };
  const title = { ...figure.layout.xaxis.title, font: font(token("text-3")) };
  const layout = {
    ...figure.layout,
    ...(annotations && { annotations }),
    paper_bgcolor: token("ground"),
    plot_bgcolor: token("ground"),
    font: font(token("text-3")),
    hoverlabel: { bgcolor: token("raised"), bordercolor: token("rule-2"), font: font(token("text")) },
    xaxis: { ...figure.layout.xaxis, ...axis, title, spikecolor: token("text-3"), spikethickness: 1, ...(range ? { range, autorange: false } : { range: figure.layout.xaxis.range?.slice() }) },
    yaxis: { ...figure.layout.yaxis, ...axis, ...(figure.layout.yaxis.title && { title: { ...figure.layout.yaxis.title, font: font(token("text-3")) } }) },
  };
  return { data, layout };
}

// A figure says a line's dash as Plotly reads it: lengths in pixels.
const DASHES = { "6px,3px": "6 3", "2px,3px": "2 3", "8px,3px,2px,3px": "8 3 2 3", "12px,4px": "12 4" };

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
