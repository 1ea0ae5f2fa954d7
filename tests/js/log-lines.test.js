import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { LogLines } from "../../static/js/logs/log-lines.js";

// A fragment of lines, as far as the lines look at it.
const fragment = (numbers, dataset = {}) => {
  const all = numbers.map((number) => ({ id: `L${number}`, remove() {} }));
  return {
    dataset: { first: "0", last: "0", total: "900", size: "9", file: "f", ...dataset },
    all,
    offsetHeight: 0,
    querySelector: () => null,
    querySelectorAll: () => all,
    prepend: (...more) => all.unshift(...more),
    replaceWith(fresh) {
      shown = fresh;
    },
  };
};

let shown;
let busy;
let answers;
let asked;
globalThis.location = { href: "http://studio/" };
globalThis.document = { adoptNode: (node) => node };
globalThis.DOMParser = class {
  parseFromString(html) {
    return { querySelector: () => answers[Number(html)] };
  }
};
globalThis.fetch = async (address) => {
  asked.push(new URL(address).search);
  return { ok: true, text: async () => String(asked.length - 1) };
};
mock.timers.enable({ apis: ["setTimeout"] });
const settle = async () => {
  for (let n = 0; n < 30; n += 1) await Promise.resolve();
};
const wait = async () => {
  mock.timers.tick(1000);
  await settle();
};

function linesWith(...responses) {
  answers = responses;
  const box = {
    clientHeight: 100,
    scrollTop: 0,
    addEventListener() {},
    querySelector: () => shown,
    querySelectorAll: () => [{ style: {} }, { style: {} }],
    getBoundingClientRect: () => ({ top: 0 }),
  };
  const root = { dataset: { lines: "/lines?" }, isConnected: true, querySelector: () => box };
  const lines = new LogLines(root, () => ({ q: "x" }));
  lines.topElement = () => null;
  lines.onBusy = (is) => busy.push(is);
  return lines;
}

beforeEach(() => {
  [shown, busy, asked] = [fragment([]), [], []];
});

test("a search without a turn is tried again, and says so", async () => {
  const waiting = fragment([], { busy: "1", searchedFrom: "901", searchedTo: "901" });
  const found = fragment([7], { first: "7", searchedFrom: "1", searchedTo: "901" });
  const lines = linesWith(waiting, waiting, found);
  const done = lines.replaceLines({ end: 1 });
  await settle();
  assert.deepEqual([busy, shown.all.length], [[true], 0]);
  await wait();
  await wait();
  assert.equal(await done, true);
  assert.deepEqual([busy.at(-1), shown.all[0].id], [false, "L7"]);
  assert.equal(new Set(asked).size, 1);
});

test("a search that waits ends when another one begins", async () => {
  const lines = linesWith(fragment([], { busy: "1" }), fragment([5], { searchedFrom: "1" }));
  const first = lines.replaceLines({ end: 1 });
  await settle();
  const second = lines.replaceLines({ line: 5 });
  assert.equal(await second, true);
  await wait();
  assert.equal(await first, false);
  assert.equal(asked.length, 2);
});

test("lines that a filter finds after empty responses are shown", async () => {
  const lines = linesWith(
    fragment([], { searchedFrom: "600", searchedTo: "901" }),
    fragment([], { searchedFrom: "300", searchedTo: "600" }),
    fragment([42], { searchedFrom: "1", searchedTo: "300" }),
  );
  await lines.replaceLines({ end: 1 });
  await lines.fillView();
  assert.deepEqual(
    shown.all.map((line) => line.id),
    ["L42"],
  );
  assert.equal(lines.isWindowAtStart, true);
});
