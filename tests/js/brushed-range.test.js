// A range that is drawn on a histogram, as numbers of a few digits.

import assert from "node:assert/strict";
import test from "node:test";
import { brushedDates, brushedRange } from "../../static/js/tables/brushed-range.js";

const CASES = [
  [0, 1, 0.4, 0.8, ["0.400", "0.800"]],
  [0, 1, 0.8, 0.4, ["0.400", "0.800"]],
  [0, 1000, 0.25, 0.5, ["250", "500"]],
  [-1, 1, -0.2, 1.4, ["-1.00", "1.00"]],
  [5, 5, 0.1, 0.9, ["5", "5"]],
  [0, 1e-9, 0.5, 1, ["5e-10", "1e-9"]],
  [-1.7e308, 1.7e308, 0, 1, ["-1.7e+308", "1.7e+308"]],
];
for (const [low, high, from, to, range] of CASES) {
  test(`${from} to ${to} of ${low} to ${high}`, () =>
    assert.deepEqual(brushedRange(low, high, from, to), range));
}

const micros = (text) => Date.parse(text) * 1000;

test("a range of dates has days, or minutes where all are of a few days", () => {
  const [low, high] = [micros("2026-01-01"), micros("2026-01-11")];
  assert.deepEqual(brushedDates(low, high, 0.95, 0.1), ["2026-01-02", "2026-01-10"]);
  assert.deepEqual(brushedDates(low, micros("2026-01-02"), 0.5, 2), [
    "2026-01-01T12:00",
    "2026-01-02T00:00",
  ]);
});
