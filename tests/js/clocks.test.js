import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { patterns, lengths } = JSON.parse(
  readFileSync(new URL("durations.json", import.meta.url), "utf8"),
);
globalThis.document = { querySelector: () => ({ dataset: { spans: JSON.stringify(patterns) } }) };
globalThis.setInterval = () => 0;
const { duration, exactDuration } = await import("../../static/js/site/clocks.js");

for (const [length, short, exact] of lengths) {
  test(`${length} ms are written as by the server`, () => {
    assert.equal(duration(length), short);
    assert.equal(exactDuration(length), exact);
  });
}
