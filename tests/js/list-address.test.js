import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";

import { encodeValue, ORDER, parameter } from "../../static/js/run_list/list-address.js";

beforeEach(() => {
  globalThis.location = { search: "", pathname: "/w/lab/runs/" };
});

const at = (search) => {
  location.search = search;
};

test("a parameter takes its place in the order of the server", () => {
  at("?q=lr&charts=line&view=best");
  assert.equal(parameter("columns", "name,tags"), "?q=lr&columns=name,tags&charts=line&view=best");
});

test("every pair of parameters is ordered, whichever was there first", () => {
  for (const [n, first] of ORDER.entries()) {
    for (const second of ORDER.slice(n + 1)) {
      at(`?${first}=1`);
      assert.equal(parameter(second, "2"), `?${first}=1&${second}=2`);
      at(`?${second}=1`);
      assert.equal(parameter(first, "2"), `?${first}=2&${second}=1`);
    }
  }
});

test("a value replaces the one before it", () => {
  at("?q=lr&sort=name");
  assert.equal(parameter("q", "acc"), "?q=acc&sort=name");
});

test("an empty value leaves the parameter out", () => {
  at("?q=lr&sort=name");
  assert.equal(parameter("sort", ""), "?q=lr");
  at("?q=lr");
  assert.equal(parameter("q", ""), "");
});

test("a parameter that the order does not know stays last", () => {
  at("?unknown=1");
  assert.equal(parameter("q", "lr"), "?q=lr&unknown=1");
});

test("values are encoded as by the server", () => {
  const pairs = JSON.parse(readFileSync(new URL("encoded.json", import.meta.url), "utf8"));
  for (const [text, expected] of pairs) assert.equal(encodeValue(text), expected);
});
