// What tells a chart's lines, bars or dots apart.

import { mark, ramp, series, token } from "./plot.js";

export const entries = (figure) => told(figure).map(mark);

export function told(figure) {
  const [metrics, found] = [new Map(), new Map()];
  const add = (key, color, dash, among = found) =>
    among.set(key, { meta: { key }, line: { color, dash } });
  for (const trace of figure.data) {
    const { part, key, series: number, each, name, metric } = trace.meta;
    if (part === "odd" || part === "band" || part === "raw") continue;
    if (part === "scale") {
      const [low, high] = trace.meta.ends;
      add(`${key}: ${low}`, ramp(0));
      add(high, ramp(1));
      continue;
    }
    // Dots in the colours of a third field's words are told by those, not by their runs.
    if (each)
      for (const [at, one] of each.entries())
        add((trace.customdata ?? trace.text)[at], series(one));
    else if (!metric) add(key, series(number), trace.line?.dash);
    else {
      // The colour tells the run, the dash the metric.
      add(name, series(number));
      add(metric, token("text-3"), trace.line?.dash, metrics);
    }
  }
  return [...metrics.values(), ...found.values()];
}
