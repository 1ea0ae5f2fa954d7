import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

const listeners = {};
const listen = (name, act) => {
  listeners[name] = [...(listeners[name] ?? []), act];
};
let isRequesting = false;
globalThis.addEventListener = listen;
globalThis.document = {
  hidden: false,
  body: { addEventListener: listen },
  addEventListener: listen,
  querySelector: (selector) => (selector === ".htmx-request" && isRequesting ? {} : null),
};
globalThis.location = { pathname: "/w/lab/runs/", search: "" };
mock.timers.enable({ apis: ["setTimeout"] });
const { follow } = await import("../../static/js/site/follower.js");

let requests;
let answers;
globalThis.fetch = async (address, { headers }) => {
  requests.push([String(address), headers["If-None-Match"]]);
  const answer = await answers.shift();
  if (!answer) throw new TypeError("no connection");
  return answer;
};
const answerOf = (status, text = "", headers = {}) => ({
  status,
  ok: status === 200,
  headers: { get: (name) => headers[name] ?? null },
  text: async () => text,
});
function delayed() {
  let arrive;
  const answer = new Promise((resolve) => {
    arrive = resolve;
  });
  return [answer, arrive];
}
// Lets everything run that waits for answers that are there.
const settle = async () => {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
};
const wait = async (seconds) => {
  mock.timers.tick(seconds * 1000);
  await settle();
};

let shown;
let states;
function start(more = {}) {
  const source = {
    pace: () => 5,
    address: () => "/news",
    etag: () => "",
    show: (html, etag) => shown.push([html, etag]),
    report: (state) => states.push(state),
    ...more,
  };
  return follow(source);
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  for (const name of Object.keys(listeners)) if (name !== "htmx:afterSwap") delete listeners[name];
  [requests, answers, shown, states, isRequesting] = [[], [], [], [], false];
  document.hidden = false;
});

test("news are asked for at the pace, with what is known, and shown", async () => {
  answers = [answerOf(200, "<p>", { ETag: "b" }), answerOf(304)];
  start({ etag: () => "a" });
  await wait(4.9);
  assert.deepEqual(requests, []);
  await wait(0.1);
  assert.deepEqual(requests, [["/news", "a"]]);
  assert.deepEqual(shown, [["<p>", "b"]]);
  await wait(5);
  assert.equal(requests.length, 2);
  assert.equal(shown.length, 1);
});

test("a pace of 0 asks for nothing", async () => {
  start({ pace: () => 0 });
  await wait(1000);
  assert.deepEqual(requests, []);
});

test("after failures it waits longer each time, at most five minutes", async () => {
  start();
  await wait(5);
  assert.deepEqual(states, ["paused"]);
  for (const seconds of [10, 20, 40, 80, 160, 300, 300]) {
    const before = requests.length;
    await wait(seconds - 0.1);
    assert.equal(requests.length, before);
    await wait(0.1);
    assert.equal(requests.length, before + 1);
  }
});

test("a server may ask to wait longer", async () => {
  answers = [answerOf(503, "", { "Retry-After": "60" }), answerOf(304)];
  start();
  await wait(5);
  await wait(59);
  assert.equal(requests.length, 1);
  await wait(1);
  assert.deepEqual(states, ["paused", "live"]);
});

test("it stops when the reader is signed out", async () => {
  answers = [answerOf(401)];
  start();
  await wait(5);
  await wait(10_000);
  assert.equal(requests.length, 1);
  assert.deepEqual(states, ["gone"]);
});

test("an answer from before a swap is dropped, and asked for again", async () => {
  const [early, arrive] = delayed();
  answers = [early, answerOf(200, "new")];
  start();
  await wait(5);
  for (const act of listeners["htmx:afterSwap"]) act();
  arrive(answerOf(200, "old"));
  await settle();
  assert.deepEqual(shown, [["new", ""]]);
});

test("nothing is asked while htmx is, or while the reader is busy", async () => {
  let isBusy = true;
  answers = [answerOf(304)];
  start({ isBusy: () => isBusy });
  await wait(5);
  [isBusy, isRequesting] = [false, true];
  await wait(5);
  assert.deepEqual(requests, []);
  isRequesting = false;
  await wait(5);
  assert.equal(requests.length, 1);
});

test("a hidden page asks nothing, and at once when it is shown again", async () => {
  answers = [answerOf(304)];
  start();
  document.hidden = true;
  for (const act of listeners.visibilitychange) act();
  await wait(1000);
  assert.deepEqual(requests, []);
  document.hidden = false;
  for (const act of listeners.visibilitychange) act();
  await settle();
  assert.equal(requests.length, 1);
});

test("a list without a reader rests, and looks as soon as the reader moves", async () => {
  answers = [answerOf(304)];
  const now = mock.method(performance, "now", () => 0);
  start({ restAfter: () => 60 });
  now.mock.mockImplementation(() => 61_000);
  document.hidden = true;
  for (const act of listeners.visibilitychange) act();
  assert.deepEqual(states, ["resting"]);
  document.hidden = false;
  for (const act of listeners.pointermove) act();
  await settle();
  assert.equal(requests.length, 1);
  now.mock.restore();
});

test("after a restart an answer on its way is dropped", async () => {
  const [early, arrive] = delayed();
  answers = [early];
  const follower = start();
  await wait(5);
  follower.restart();
  arrive(answerOf(200, "old"));
  await settle();
  assert.deepEqual(shown, []);
});
