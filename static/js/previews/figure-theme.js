// The look of figures from files. A figure without colors of its own, as Plotly's templates are,
// gets those of the page. One that sets its background or the color of its texts keeps all.

import { cssToken, font, series } from "../charts/plot.js";

const SERIES = 10;
/** Colors through which the page shows. */
const TRANSPARENT =
  /^(transparent$|#[\da-f]{3}0$|#[\da-f]{6}00$|(rgb|hsl)a\(.*[,/]\s*0*\.?0*%?\s*\)$)/i;
/** The parts of a template whose traces have lines in the color of its own background. */
const OUTLINED = ["bar", "histogram", "barpolar", "pie", "table", "carpet"];

/** @param {unknown} color */
const isOpaque = (color) => typeof color === "string" && color && !TRANSPARENT.test(color.trim());

/** @param {any} layout */
const hasOwnLook = ({ paper_bgcolor, plot_bgcolor, font: text }) =>
  isOpaque(paper_bgcolor) || isOpaque(plot_bgcolor) || Boolean(text?.color);

/** @param {any} axis */
const themedAxis = (axis) => ({
  ...axis,
  gridcolor: cssToken("rule"),
  linecolor: cssToken("rule-2"),
  zerolinecolor: cssToken("rule-2"),
  tickcolor: cssToken("rule-2"),
});

/**
 * The layout with the colors of the page, where the figure has none.
 * @param {any} layout
 */
export function themedLayout(layout) {
  if (hasOwnLook(layout)) return layout;
  const { data, layout: base } = layout.template ?? {};
  const traces = Object.entries(data ?? {}).filter(([kind]) => !OUTLINED.includes(kind));
  const ground = cssToken("ground");
  const template = {
    ...base,
    colorway: Array.from({ length: SERIES }, (_each, at) => series(at + 1)),
    font: { ...base?.font, ...font(cssToken("text")) },
    paper_bgcolor: ground,
    plot_bgcolor: ground,
    hoverlabel: {
      ...base?.hoverlabel,
      bgcolor: cssToken("raised"),
      bordercolor: cssToken("rule-2"),
      font: font(cssToken("text")),
    },
    legend: { ...base?.legend, bgcolor: "transparent" },
    xaxis: themedAxis(base?.xaxis),
    yaxis: themedAxis(base?.yaxis),
  };
  return { ...layout, template: { data: Object.fromEntries(traces), layout: template } };
}

/**
 * The traces, where those of the same group have the same color of the page.
 * @param {any[]} traces
 */
export function withGroupColors(traces) {
  // Traces without a name have the first color, and leave it to the first name.
  const groups = [...new Set(traces.map((trace) => trace.legendgroup).filter(Boolean))];
  return traces.map((trace) => {
    if (trace.legendgroup === undefined || trace.marker?.color) return trace;
    const at = Math.max(groups.indexOf(trace.legendgroup), 0);
    const color = series((at % SERIES) + 1);
    return { ...trace, marker: { ...trace.marker, color } };
  });
}
