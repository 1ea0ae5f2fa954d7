import assert from "node:assert";
import { test } from "node:test";

const reported = [];
globalThis.reportError = (error) => reported.push(error.message);
await import("../../static/js/site/modules.js");
const { define, load, start } = globalThis.studioModules;

test("a module runs once, when it is first imported", () => {
  const ran = [];
  define("base", () => {
    ran.push("base");
    return { one: 1 };
  });
  define("base", () => ran.push("again"));
  define("user", ($load) => {
    ran.push("user");
    return { two: $load("base").one + 1 };
  });
  assert.deepStrictEqual(ran, []);
  start(["user", "base", "user"]);
  assert.deepStrictEqual(ran, ["user", "base"]);
  assert.deepStrictEqual(load("user"), { two: 2 });
});

test("a script that fails is reported once, and the next one runs", () => {
  let runs = 0;
  define("broken", () => {
    runs += 1;
    throw new Error("no such element");
  });
  let ran = false;
  define("next", () => {
    ran = true;
    return {};
  });
  start(["broken", "next"]);
  assert.deepStrictEqual([reported, ran], [["no such element"], true]);
  assert.throws(() => load("broken"), /no such element/);
  assert.strictEqual(runs, 1);
});

test("a bundle is fetched when its module is first needed", async () => {
  let fetched = 0;
  define("opener", (_, $later) => ({
    open: () =>
      $later("dialog", async () => {
        fetched += 1;
        define("dialog", () => ({ shown: true }));
      }),
  }));
  const { open } = load("opener");
  assert.deepStrictEqual(await open(), { shown: true });
  assert.deepStrictEqual(await open(), { shown: true });
  assert.strictEqual(fetched, 1);
});

test("a bundle that can't be fetched is fetched again the next time", async () => {
  let failures = 1;
  define("asker", (_, $later) => ({
    ask: () =>
      $later("offline", async () => {
        if (failures--) throw new TypeError("offline");
        define("offline", () => ({ there: true }));
      }),
  }));
  await assert.rejects(load("asker").ask(), /offline/);
  assert.deepStrictEqual(await load("asker").ask(), { there: true });
});
