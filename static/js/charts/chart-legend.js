// What tells a chart's lines, bars or dots apart.

import { mark, ramp, series, token } from "./plot.js";

export const entries = (figure) => namedTraces(figure).map(mark);

export function namedTraces(figure) {
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
    // Dots colored by the texts of a third field are listed by those texts, not by runs.
    if (each)
      for (const [at, one] of each.entries())
        add((trace.customdata ?? trace.text)[at], series(one));
    else if (!metric) add(key, series(number), trace.line?.dash);
    else {
      // The color identifies the run, the dash the metric.
      add(name, series(number));
      add(metric, token("text-3"), trace.line?.dash, metrics);
    }
  }
  return [...metrics.values(), ...found.values()];
}
