// The arguments of a run: a command line as words and as rows, and back.

import assert from "node:assert/strict";
import test from "node:test";
import { join, quote, rowsOf, split, wordsOf } from "../../static/js/submit/shell-words.js";

const CASES = [
  ["", []],
  ["--lr 1e-3", ["--lr", "1e-3"]],
  ["  a   b\n", ["a", "b"]],
  ["'a b' \"c d\"", ["a b", "c d"]],
  ["a'b'c", ["abc"]],
  ["''", [""]],
  ['"a\\"b\\\\c\\d"', ['a"b\\c\\d']],
  ["a\\ b", ["a b"]],
  ["'it'\"'\"'s'", ["it's"]],
  ["'two\nlines'", ["two\nlines"]],
];
for (const [text, words] of CASES) {
  test(`splits ${JSON.stringify(text)}`, () => assert.deepEqual(split(text), words));
}

test("an open quote is no command line", () => {
  for (const text of ["'a", '"a', "a\\"]) assert.equal(split(text), null);
});

test("any words survive quoting", () => {
  const words = ["", "a b", "it's", '"', "\\", "$HOME", "a\nb", "--x=1", "ü", "*"];
  assert.deepEqual(split(join(words)), words);
  assert.equal(quote("--lr=1e-3"), "--lr=1e-3");
});

test("words become rows of arguments and values, and back", () => {
  const words = ["data.csv", "--lr", "-1e-3", "--fast", "--name=a b", "-n", "2", "--x", "--y"];
  const rows = rowsOf(words);
  assert.deepEqual(
    rows.map(({ name, value }) => [name, value]),
    [
      ["", "data.csv"],
      ["--lr", "-1e-3"],
      ["--fast", null],
      ["--name", "a b"],
      ["-n", "2"],
      ["--x", null],
      ["--y", null],
    ],
  );
  assert.deepEqual(wordsOf(rows), words);
});
