// A range that is drawn on a histogram, as numbers of a few digits.

import assert from "node:assert/strict";
import test from "node:test";
import { brushedRange } from "../../static/js/tables/brushed-range.js";

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
