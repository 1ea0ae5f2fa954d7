// The list of runs while it changes: shows what changed in its rows, and announces what would
// move them. When it asks, and when it rests: docs/pages.md.

import { reportRefusal, requestsSettled, showOffline } from "../site/app.js";
import { follow } from "../site/follower.js";

const HIDDEN_SECONDS = 60;
const dot = document.getElementById("live");
const words = dot.dataset;
const list = () => document.getElementById("run-table");
const rowsOf = (root) => [...root.querySelectorAll("tr[data-row]")];
const keyOf = (row) => row.dataset.row;

let etag = words.etag;
let newest = 0;

function report(state) {
  dot.classList.toggle("paused", state !== "live");
  dot.textContent = words[state];
  dot.title = words[`${state}Help`];
}

// The address of this list, with the rows that are shown: their news comes along.
function newsAddress() {
  const url = new URL(location.href);
  url.searchParams.set("shown", rowsOf(list()).map(keyOf).join("."));
  return url;
}

async function show(html, freshEtag) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const [now, fresh] = [list(), template.content.getElementById("run-table")];
  const shown = rowsOf(now);
  if (shown.length && heads(now) === heads(fresh)) {
    const { loadMorph } = await import("../site/morph.js");
    const morph = await loadMorph();
    if (list() !== now) return;
    update(now, fresh, shown, morph);
    showViewNotice(template.content.getElementById("view-bar"));
  } else if (!shown.length || !isBusy(now)) swap(html);
  else announce(0);
  etag = freshEtag;
}

// Another member saved the view: the bar says so, unless the reader is in one of its menus.
function showViewNotice(fresh) {
  const bar = document.getElementById("view-bar");
  if (!fresh || !bar || bar.querySelector("details[open]") || bar.contains(document.activeElement))
    return;
  fresh.removeAttribute("hx-swap-oob");
  const notice = bar.querySelector("a.changed");
  if (notice || !fresh.querySelector("a.changed")) return;
  bar.replaceWith(document.adoptNode(fresh));
  htmx.process(document.getElementById("view-bar"));
}

const heads = (root) =>
  [...root.querySelectorAll("thead th")]
    .map((head) => head.dataset.column ?? head.textContent)
    .join("\n");
const isBusy = (root) =>
  root.contains(document.activeElement) ||
  root.querySelector("details[open], [data-editing]") ||
  document.querySelector("dialog[open]");

function update(now, fresh, shown, morph) {
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
    if (drawn) updateCells(row, drawn, morph);
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
  if (same) clearNews();
  else announce(added.filter((key) => Number(key) > newest).length, after.length);
}

function updateCells(row, drawn, morph) {
  const [mine, theirs] = [[...row.cells], [...drawn.cells]];
  if (mine.length !== theirs.length) return;
  for (const [n, cell] of mine.entries()) morph(cell, theirs[n]);
}

const bar = () => document.getElementById("list-news");
const clearNews = () => bar()?.replaceChildren();

function announce(count, pageRows) {
  const several = count === pageRows ? `${count}+` : String(count);
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

const follower = follow({
  pace: () => Number(list().dataset.pace),
  restAfter: () => Number(list().dataset.rest),
  hiddenSeconds: HIDDEN_SECONDS,
  address: newsAddress,
  etag: () => etag,
  show,
  report,
});

// What is shown is the list as the server made it just now.
function begin() {
  newest = Math.max(newest, ...rowsOf(list()).map((row) => Number(keyOf(row))));
  dot.hidden = !Number(list().dataset.pace);
  follower.restart();
}

document.addEventListener("click", async (event) => {
  if (!event.target.closest("#list-news button, [data-refresh]")) return;
  event.preventDefault();
  await requestsSettled("run-table");
  const before = list();
  try {
    const news = await follower.request(location.href, "");
    if (!news) return;
    if (!news.response.ok) {
      follower.fail();
      return reportRefusal(news.response);
    }
    await requestsSettled("run-table");
    // What was asked for later brought the news along.
    if (list() !== before) return;
    etag = news.etag;
    swap(news.html);
    report("live");
    list().querySelector("[data-row-link]")?.focus();
  } catch {
    follower.fail();
    showOffline();
  }
});

function swap(html) {
  const focused = document.activeElement;
  const again =
    focused &&
    list().contains(focused) &&
    (focused.id
      ? `#${CSS.escape(focused.id)}`
      : focused.getAttribute("href") && `a[href="${CSS.escape(focused.getAttribute("href"))}"]`);
  htmx.swap("#run-table", html, { swapStyle: "outerHTML" });
  if (again) list().querySelector(again)?.focus({ preventScroll: true });
  begin();
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  const response = event.detail.xhr;
  if (event.target.id !== "run-table" || !response) return;
  etag = response.getResponseHeader("ETag") ?? "";
  begin();
});
// A star that was drawn again by itself: the rows are no longer those that the tag is of.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  if (target !== list() && list().contains(target)) etag = "";
});
begin();
