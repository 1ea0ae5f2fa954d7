// Values of a sweep as chips: which texts are one value.

import assert from "node:assert/strict";
import test from "node:test";
import { quoteValue, splitValues, unquoted } from "../../static/js/submit/chips.js";

const CASES = [
  ["", []],
  ["3e-4, 6e-4 1e-3", ["3e-4", "6e-4", "1e-3"]],
  ["1..5", ["1..5"]],
  ["loguniform(-9, -2)", ["loguniform(-9, -2)"]],
  ["'a, b', c", ["'a, b'", "c"]],
  ["'it'\"'\"'s two', x", ["'it'\"'\"'s two'", "x"]],
  ["a\\ b", ["a\\ b"]],
];
for (const [text, values] of CASES) {
  test(`splits ${JSON.stringify(text)}`, () => assert.deepEqual(splitValues(text), values));
}

test("an apostrophe is part of a value", () => {
  assert.deepEqual(splitValues("it's two words").map(unquoted), ["it's two words"]);
});

test("a written value is read as it was", () => {
  for (const value of ["1e-3", "a b", "it's", 'say "x"', "a,b", "c:\\dir"]) {
    const [written, ...more] = splitValues(quoteValue(value));
    assert.deepEqual([unquoted(written), more], [value, []]);
  }
});
