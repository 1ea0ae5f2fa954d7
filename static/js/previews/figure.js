// Charts of files: draws the figures that the server has checked, when they come into view,
// and again when their address changes.

import { redrawWithTheme } from "../charts/figures.js";
import { CONFIG, disposePlot, fitPlot, plotly, trackSize } from "../charts/plot.js";
import { focusToScroll } from "../site/scroll-focus.js";
import { themedLayout, withGroupColors } from "./figure-theme.js";

/** How far from the visible part of the page a chart is drawn already. */
const NEAR = "240px";
/** Pixels of a chart whose legend stands above it. */
const NARROW = 480;
/** Figures that are kept to be drawn again, as when steps are played. */
const MAX_KEPT = 40;

/** The address of the figure that a place shows or loads. @type {WeakMap<Element, string>} */
const shown = new WeakMap();
const observed = new WeakSet();
/** @type {Map<string, Promise<any>>} */
const kept = new Map();

const visible = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) drawFigure(/** @type {HTMLElement} */ (target));
  },
  { rootMargin: NEAR },
);

/** @param {string} address */
function readFigure(address) {
  let found = kept.get(address);
  kept.delete(address);
  found ??= fetch(address).then((response) => {
    if (!response.ok) throw new Error();
    return response.json();
  });
  kept.set(address, found);
  found.catch(() => kept.delete(address));
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? "");
  return found;
}

/** @param {HTMLElement} place an element with the figure's address in `data-file-figure` */
async function drawFigure(place) {
  const address = place.dataset.fileFigure ?? "";
  if (shown.get(place) === address) return;
  shown.set(place, address);
  const isLate = () => !place.isConnected || shown.get(place) !== address;
  try {
    const { data, layout, note, panels } = await readFigure(address);
    const Plotly = data.length ? await plotly() : null;
    if (isLate()) return;
    if (Plotly) {
      const [columns, rows] = panels ?? [1, 1];
      place.style.setProperty("--figure-columns", columns);
      place.style.setProperty("--figure-rows", rows);
      const traces = panels ? withGroupColors(data) : data;
      await drawInto(plotOf(place), Plotly, traces, layout);
      focusToScroll(place);
    } else removePlot(place);
    if (!isLate()) write(place, (place.dataset.notes !== undefined && note) || "");
  } catch {
    if (isLate()) return;
    removePlot(place);
    write(place, place.dataset.failed ?? "");
  }
}

/** @param {HTMLElement} plot */
async function drawInto(plot, Plotly, data, layout) {
  // The page gives the size; a figure's own size can be any.
  const { width: _width, height: _height, ...rest } = layout;
  // Plotly writes into what it gets, and the figure can be drawn again.
  const copy = structuredClone({ data, layout: { ...themedLayout(rest), autosize: true } });
  copy.layout.margin = { l: 48, r: 24, t: layout.title?.text ? 48 : 24, b: 40 };
  // Next to the chart, a legend would take half of a phone.
  if (plot.clientWidth < NARROW && (copy.data.length > 1 || copy.data[0]?.type === "pie"))
    copy.layout.legend = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", ...rest.legend };
  await Plotly.react(plot, copy.data, copy.layout, CONFIG);
  if (!plot.isConnected) disposePlot(plot);
}

/** @param {HTMLElement} place */
function plotOf(place) {
  const found = /** @type {HTMLElement | null} */ (place.querySelector(":scope > .figure-plot"));
  if (found) return found;
  const plot = document.createElement("div");
  plot.className = "figure-plot";
  place.replaceChildren(plot);
  trackSize(plot, () => fitPlot(plot));
  place.addEventListener("figure:removed", () => removePlot(place));
  return plot;
}

/** @param {HTMLElement} place */
function removePlot(place) {
  const plot = place.querySelector(":scope > .figure-plot");
  if (!plot) return;
  disposePlot(plot);
  plot.remove();
}

/** @param {HTMLElement} place @param {string} text */
function write(place, text) {
  place.querySelector(":scope > .figure-note")?.remove();
  if (!text) return;
  const note = document.createElement("p");
  note.className = "figure-note quiet small";
  note.textContent = text;
  place.append(note);
}

function scan() {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-file-figure]")
  )) {
    if (!observed.has(place)) {
      observed.add(place);
      visible.observe(place);
    } else if (shown.has(place)) drawFigure(place);
  }
}

redrawWithTheme(() => {
  for (const plot of document.querySelectorAll("[data-file-figure] > .figure-plot")) {
    const place = /** @type {HTMLElement} */ (plot.parentElement);
    shown.delete(place);
    drawFigure(place);
  }
});
document.body.addEventListener("htmx:afterSwap", scan);
for (const name of ["run:changed", "media:shown"]) document.addEventListener(name, scan);
scan();
