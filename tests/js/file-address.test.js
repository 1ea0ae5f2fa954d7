// The address of the tab Outputs + logs.

import assert from "node:assert/strict";
import test from "node:test";
import { addressQuery, closeTab } from "../../static/js/files/file-address.js";

const CASES = [
  ["", "a.txt", [], "path=a.txt"],
  ["?in=out&line=3", "a b.txt", ["x/y"], "path=a%20b.txt&open=x/y&open=a%20b.txt&in=out"],
  ["?find=%C3%A9", "x", ["x"], "path=x&find=%C3%A9"],
  ["", "//m-1/MLmodel", ["a"], "model=m-1&path=MLmodel&open=a&open=//m-1/MLmodel"],
  ["?path=a", "", [], "open="],
  ["", "&=?#", [], "path=%26%3D%3F%23"],
];
for (const [search, chosen, tabs, query] of CASES) {
  test(`shows ${JSON.stringify(chosen)}`, () =>
    assert.equal(addressQuery(search, chosen, tabs), query));
}

const CLOSED = [
  ["b", "b", "c"],
  ["c", "c", "b"],
  ["a", "c", "c"],
];
for (const [file, chosen, next] of CLOSED) {
  test(`closing ${file} shows ${next}`, () =>
    assert.equal(closeTab(file, ["a", "b", "c"], chosen).next, next));
}

test("the last tab leaves nothing open", () =>
  assert.deepEqual(closeTab("a", ["a"], "a"), { next: "", others: [] }));
