// The figure of one chart, on every page with charts: read as JSON, drawn, and drawn again
// when the theme changes.

import { draw } from "./plot.js";

/**
 * @typedef {object} Chart
 * @property {HTMLElement} plot where it is drawn
 * @property {object} [figure] the server's latest figure
 * @property {string} [url] where the figure is from
 * @property {string} [etag]
 * @property {boolean} [hasFailed] whether the last request was refused
 * @property {number} [requests]
 * @property {boolean} [isListening] whether zooming is listened to
 */

/** The server refuses a figure; the message is its reason, or empty. */
export class FigureError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Read a chart's figure. Return whether it is new: false if it is unchanged, or if a later
 * request has finished first.
 * @param {any} chart a Chart
 * @param {string} url
 */
export async function readFigure(chart, url) {
  const number = (chart.requests ?? 0) + 1;
  chart.requests = number;
  const headers = chart.url === url && chart.etag ? { "If-None-Match": chart.etag } : {};
  const response = await fetch(url, { headers, cache: "no-store" });
  chart.hasFailed = !response.ok && response.status !== 304;
  if (number !== chart.requests || response.status === 304) return false;
  if (!response.ok) throw new FigureError(response.status, await readReason(response));
  const figure = await response.json();
  if (number !== chart.requests) return false;
  Object.assign(chart, { figure, url, etag: response.headers.get("ETag") });
  return true;
}

async function readReason(response) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return (isJson && (await response.json()).error?.message) || "";
}

/**
 * Draw a chart's figure, and have `zoom` called when the reader zooms. Returns the traces, or
 * null when the chart has left the page.
 */
export async function drawFigure(chart, range, zoom) {
  const traces = await draw(chart.plot, chart.figure, range);
  if (traces && !chart.isListening) {
    chart.isListening = true;
    chart.plot.on("plotly_relayout", (change) => zoom(chart, change));
  }
  return traces;
}

/** Draw again with the colors of another theme; paper has the light ones. */
export function redrawWithTheme(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
}
