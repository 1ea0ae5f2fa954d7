// The charts of a page behind a public link. Their figures are in the page, because the link
// opens no other address.

import { legendItems } from "../charts/chart-legend.js";
import { drawFigure, redrawWithTheme } from "../charts/figures.js";
import { series, trackSize } from "../charts/plot.js";
import { focusToScroll } from "../site/scroll-focus.js";

const charts = [...document.querySelectorAll("[data-shared-figure]")].map((plot) => ({
  plot,
  figure: JSON.parse(plot.dataset.sharedFigure),
}));

async function drawChart(chart) {
  const { plot, figure } = chart;
  try {
    if (figure.kind === "parallel") {
      const { drawParallel } = await import("../charts/parallel.js");
      trackSize(plot, () => drawChart(chart));
      drawParallel(plot, figure, { color: series, brushed() {} });
    } else await drawFigure(chart, undefined, () => {});
  } catch {
    // The table below has the values.
    plot.remove();
    return;
  }
  const legend = plot.closest(".chart").querySelector("[data-legend]");
  if (figure.legend && !figure.kind) legend.replaceChildren(...legendItems(figure));
  focusToScroll(legend);
}

const drawCharts = () => charts.map(drawChart);
redrawWithTheme(drawCharts);
drawCharts();
