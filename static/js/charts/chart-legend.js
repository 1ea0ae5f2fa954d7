// The legend of a chart: names and colors of its lines, bars or dots.

import { cssToken, legendItem, scaleColor, series } from "./plot.js";

export const legendItems = (figure) => namedTraces(figure).map(legendItem);

export function namedTraces(figure) {
  const [metrics, found] = [new Map(), new Map()];
  const add = (key, color, dash, among = found) =>
    among.set(key, { meta: { key }, line: { color, dash } });
  for (const trace of figure.data) {
    const { part, series: number, each, name, metric, n } = trace.meta;
    const key = n ? `${trace.meta.key} (n = ${n})` : trace.meta.key;
    if (["odd", "band", "raw", "faded"].includes(part)) continue;
    if (part === "scale") {
      const [low, high] = trace.meta.ends;
      add(`${key}: ${low}`, scaleColor(0));
      add(high, scaleColor(1));
      continue;
    }
    // Dots colored by the texts of a third field are listed by those texts, not by runs.
    if (each)
      for (const [at, one] of each.entries())
        add((trace.customdata ?? trace.text)[at], series(one));
    else if (!metric) add(key, series(number), trace.line?.dash);
    else {
      // The color identifies the run, the dash the metric.
      add(name, series(number));
      add(metric, cssToken("text-3"), trace.line?.dash, metrics);
    }
  }
  return [...metrics.values(), ...found.values()];
}
