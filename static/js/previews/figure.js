// The chart preview: draws the figure of a file, which the server has checked.

import { CONFIG, disposePlot, plotly, trackSize } from "../charts/plot.js";

const started = new WeakSet();

/** @param {HTMLElement} place an element with the figure's address in `data-figure` */
async function drawFigure(place) {
  started.add(place);
  try {
    const response = await fetch(place.dataset.figure ?? "");
    if (!response.ok) throw new Error();
    const { data, layout } = await response.json();
    const Plotly = await plotly();
    if (!place.isConnected) return;
    // The page gives the size; a figure's own size can be any.
    const { width: _width, height: _height, ...rest } = layout;
    trackSize(place, () => Plotly.Plots.resize(place));
    await Plotly.newPlot(place, data, { ...rest, autosize: true }, CONFIG);
    if (!place.isConnected) disposePlot(place);
  } catch {
    place.classList.add("failed");
    place.textContent = place.dataset.failed ?? "";
  }
}

function scan() {
  for (const place of document.querySelectorAll("[data-figure]"))
    if (!started.has(place)) drawFigure(/** @type {HTMLElement} */ (place));
}

document.body.addEventListener("htmx:afterSwap", scan);
document.addEventListener("run:changed", scan);
scan();
