// A list that goes on by itself: it asks for news (304 if there is none), shows what changed
// in its rows, and announces what would move them. When it rests: docs/pages.md.

import { refused, rest, unheard } from "./app.js";
import { morph } from "./morph.js";

const SLOWEST = 300;
const HIDDEN = 60;
const dot = document.getElementById("live");
const words = dot.dataset;
const list = () => document.getElementById("run-table");
const rowsOf = (root) => [...root.querySelectorAll("tr[data-row]")];
const keyOf = (row) => row.dataset.row;

let etag = words.etag;
let timer;
let failures = 0;
let newest = 0;
let stopped = false;
let resting = false;
let lastSeen = performance.now();
let asked = 0;

function follow(seconds = Number(list().dataset.pace)) {
  clearTimeout(timer);
  if (stopped || !seconds) return;
  const rest = Number(list().dataset.rest);
  if (rest && (document.hidden || performance.now() - lastSeen > rest * 1000)) return sleep();
  timer = setTimeout(look, (document.hidden ? Math.max(seconds, HIDDEN) : seconds) * 1000);
}

function sleep() {
  resting = true;
  say("resting");
}

// The reader is there: by the pointer, a key, or the window coming to the front.
function wake() {
  lastSeen = performance.now();
  if (!resting || stopped || document.hidden) return;
  resting = false;
  look();
}
for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "focus"])
  addEventListener(kind, wake, { passive: true });

// What is shown is the page as the server made it just now.
function begin() {
  newest = Math.max(newest, ...rowsOf(list()).map((row) => Number(keyOf(row))));
  dot.hidden = !Number(list().dataset.pace);
  follow();
}

function say(state) {
  dot.classList.toggle("paused", state !== "live");
  dot.textContent = words[state];
  dot.title = words[`${state}Help`];
}

async function ask(known) {
  const url = new URL(location.href);
  if (known) url.searchParams.set("shown", rowsOf(list()).map(keyOf).join("."));
  const headers = { "HX-Request": "true" };
  if (known && etag) headers["If-None-Match"] = etag;
  const turn = ++asked;
  const answer = await fetch(url, { headers, cache: "no-store" });
  // Overtaken by a later question.
  if (turn !== asked) return;
  if (answer.ok || answer.status === 304) etag = answer.headers.get("ETag") ?? "";
  return answer;
}

async function look() {
  const [before, address] = [list(), location.href];
  const stays = () => list() === before && location.href === address;
  if (document.querySelector(".htmx-request")) return follow();
  try {
    const answer = await ask(true);
    if (!answer) return;
    if (answer.status === 401) return stop();
    if (answer.status !== 304 && !answer.ok)
      return pause(Number(answer.headers.get("Retry-After")));
    const html = answer.ok ? await answer.text() : "";
    // Another list was asked for meanwhile: this answer is of the one before.
    if (document.querySelector(".htmx-request")) {
      etag = "";
      return follow();
    }
    failures = 0;
    say("live");
    if (html && stays()) take(html);
    follow();
  } catch {
    pause();
  }
}

// A server that is down is asked ever more seldom.
function pause(wanted = 0) {
  failures += 1;
  say("paused");
  const pace = Number(list().dataset.pace) || 5;
  follow(Math.min(SLOWEST, Math.max(wanted || 0, pace * 2 ** failures)));
}

function stop() {
  stopped = true;
  say("gone");
}

function take(html) {
  const model = document.createElement("template");
  model.innerHTML = html;
  const [now, fresh] = [list(), model.content.getElementById("run-table")];
  const shown = rowsOf(now);
  if (!shown.length || heads(now) !== heads(fresh)) {
    if (!shown.length || !isBusy(now)) return swap(html);
    return announce(0);
  }
  update(now, fresh, shown);
}

const heads = (root) =>
  [...root.querySelectorAll("thead th")]
    .map((head) => head.dataset.column ?? head.textContent)
    .join("\n");
const isBusy = (root) =>
  root.contains(document.activeElement) ||
  root.querySelector("details[open], [data-editing]") ||
  document.querySelector("dialog[open]");

function update(now, fresh, shown) {
  const kept = fresh.querySelector("template#kept-rows");
  const coming = rowsOf(fresh);
  const source = new Map(
    [...(kept ? rowsOf(kept.content) : []), ...coming].map((row) => [keyOf(row), row]),
  );
  const before = shown.map(keyOf).join();
  const after = coming.map(keyOf);
  const added = after.filter((key) => !shown.some((row) => keyOf(row) === key));
  const same = before === after.join();
  for (const row of shown) {
    const drawn = source.get(keyOf(row));
    row.classList.toggle("stale", !drawn);
    if (drawn) cells(row, drawn);
  }
  const parts = [
    ".strip",
    ".table-tools > .quiet:first-child",
    ".pages > .soft",
    ...(same ? [".pages-end"] : []),
  ];
  for (const part of parts) {
    const [old, drawn] = [now.querySelector(part), fresh.querySelector(part)];
    if (old && drawn) morph(old, drawn);
  }
  now.dataset.pace = fresh.dataset.pace;
  now.dataset.rest = fresh.dataset.rest;
  if (same) hush();
  else announce(added.filter((key) => Number(key) > newest).length, after.length);
}

function cells(row, drawn) {
  const [mine, theirs] = [[...row.cells], [...drawn.cells]];
  if (mine.length !== theirs.length) return;
  for (const [n, cell] of mine.entries()) morph(cell, theirs[n]);
}

const bar = () => document.getElementById("list-news");
const hush = () => bar()?.replaceChildren();

function announce(count, most) {
  const several = count === most ? `${count}+` : String(count);
  const form = words.newForms[Math.min(count, words.newForms.length) - 1];
  const text = count ? JSON.parse(words.newRuns)[form].replace("%s", several) : words.changed;
  const button = bar()?.querySelector("button");
  if (!bar() || button?.textContent === text) return;
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button primary";
  made.textContent = text;
  if (button) button.textContent = text;
  else bar().append(made);
}

document.addEventListener("click", async (event) => {
  if (!event.target.closest("#list-news button, [data-refresh]")) return;
  event.preventDefault();
  await rest("run-table");
  const before = list();
  try {
    const answer = await ask(false);
    if (!answer) return;
    if (!answer.ok) {
      pause();
      return refused(answer);
    }
    const html = await answer.text();
    await rest("run-table");
    // What was asked for later brought the news along.
    if (list() !== before) return;
    swap(html);
    say("live");
    list().querySelector("[data-row-link]")?.focus();
  } catch {
    pause();
    unheard();
  }
});

function swap(html) {
  const at = document.activeElement;
  const again =
    at &&
    list().contains(at) &&
    (at.id
      ? `#${CSS.escape(at.id)}`
      : at.getAttribute("href") && `a[href="${CSS.escape(at.getAttribute("href"))}"]`);
  htmx.swap("#run-table", html, { swapStyle: "outerHTML" });
  if (again) list().querySelector(again)?.focus({ preventScroll: true });
  begin();
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  const answer = event.detail.xhr;
  if (event.target.id !== "run-table" || !answer) return;
  etag = answer.getResponseHeader("ETag") ?? "";
  begin();
});
// A star that was drawn anew by itself: the rows are no longer those that the tag is of.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  if (target !== list() && list().contains(target)) etag = "";
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return follow();
  lastSeen = performance.now();
  resting = false;
  if (!stopped) look();
});
window.addEventListener("online", look);
// Something was changed from here: that is worth a look as soon as nothing is under way.
function lookSoon() {
  if (document.querySelector(".htmx-request")) setTimeout(lookSoon, 100);
  else look();
}
document.addEventListener("run:look", lookSoon);

begin();
