// The Media tab: one step slider drives all media. Steps are links that work without this
// script; it requests them in place, and keeps the step in the address.

import { keepFigures } from "../previews/kept-figures.js";
import { grouped } from "./grouped-step.js";

const DRAG_PAUSE_MS = 120;
/** Between two steps while they play; a step that loads longer is waited for. */
const PLAY_PAUSE_MS = 800;

const view = () => document.getElementById("media-view");
/** @param {string} id */
const inputWithId = (id) => /** @type {HTMLInputElement | null} */ (document.getElementById(id));
const slider = () => inputWithId("media-step");
const box = () => inputWithId("media-step-box");
const steps = () => (slider()?.dataset.steps ?? "").split(",");

/** The number of the newest request: answers of older ones are not shown. */
let newest = 0;
let isPlaying = false;
let dragTimer = 0;

/**
 * Show a part of the page at an address of this tab.
 * @param {string} href
 * @param {{ part?: string, push?: boolean }} [options] `push`: a new entry in the history
 */
async function show(href, { part = "media-view", push = false } = {}) {
  const number = ++newest;
  const response = await fetch(href, {
    headers: { "HX-Request": "true" },
    credentials: "same-origin",
  }).catch(() => null);
  if (!response?.ok || number !== newest) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  if (number !== newest) return false;
  const [old, now] = [document.getElementById(part), fresh.getElementById(part)];
  if (!old || !now) return false;
  const focus = focusedField();
  const scrolled = [...old.querySelectorAll(".grid-box")].map((each) => each.scrollLeft);
  const root = document.getElementById("run");
  // The next refresh compares with what is shown now.
  if (root) root.dataset.etag = "";
  document.adoptNode(now);
  keepFigures(old, now);
  old.replaceWith(now);
  htmx.process(now);
  for (const [at, table] of [...now.querySelectorAll(".grid-box")].entries())
    table.scrollLeft = scrolled[at] ?? 0;
  if (focus && !document.activeElement?.matches(focus))
    /** @type {HTMLElement | null} */ (document.querySelector(focus))?.focus({
      preventScroll: true,
    });
  history[push ? "pushState" : "replaceState"](history.state, "", href);
  markPlaying();
  document.dispatchEvent(new CustomEvent("media:shown"));
  return true;
}

/** A selector of what has the focus, to find it again in a new copy of the page. */
function focusedField() {
  const active = document.activeElement;
  if (!active || active === document.body) return "";
  if (active.id) return `#${CSS.escape(active.id)}`;
  const name = active.getAttribute("name");
  return name ? `.table-grid [name="${CSS.escape(name)}"]` : "";
}

/** The address of this view at a step. @param {string} step */
function addressAt(step) {
  const url = new URL(location.href);
  url.searchParams.set("step", step);
  url.searchParams.delete("open");
  return url.pathname + url.search;
}

/** @param {HTMLInputElement} input */
function chosenStep(input) {
  return steps()[Number(input.value)];
}

document.addEventListener("input", (event) => {
  const input = slider();
  if (!input || event.target !== input) return;
  stop();
  const step = chosenStep(input);
  const stepBox = box();
  if (stepBox) stepBox.value = grouped(step);
  input.setAttribute("aria-valuetext", grouped(step));
  clearTimeout(dragTimer);
  // While it is dragged, the slider stays and only the media change.
  dragTimer = setTimeout(() => show(addressAt(step), { part: "media-panels" }), DRAG_PAUSE_MS);
});
document.addEventListener("change", (event) => {
  const input = slider();
  if (input && event.target === input) {
    clearTimeout(dragTimer);
    show(addressAt(chosenStep(input)));
  }
  const stepBox = box();
  if (stepBox && event.target === stepBox) showTypedStep(stepBox);
});
/** @param {HTMLInputElement} stepBox */
function showTypedStep(stepBox) {
  const step = stepBox.value.trim().replaceAll(/[,\s]/g, "");
  if (/^-?\d{1,18}$/.test(step)) show(addressAt(step), { push: true });
  else stepBox.value = stepBox.defaultValue;
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target !== box()) return;
  event.preventDefault();
  box()?.blur();
});

// Links to other steps, items, layers and layouts.
document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target.closest("#media-play")) return isPlaying ? stop() : play();
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("#media-view a[href]"));
  if (!link || link.target || link.hasAttribute("download") || isModified(event)) return;
  if (new URL(link.href).pathname !== location.pathname) return;
  event.preventDefault();
  event.stopPropagation();
  stop();
  show(link.href, { push: true });
});
// Forms of tables: search, columns, and the filter of a column. Empty fields are left out.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.closest("#media-view [data-table-grid]")) return;
  event.preventDefault();
  stop();
  const url = new URL(form.action);
  url.search = "";
  for (const [name, value] of new FormData(form))
    if (value !== "") url.searchParams.append(name, String(value));
  show(url.pathname + url.search, { push: true });
});
/** @param {MouseEvent | KeyboardEvent} event */
const isModified = (event) => event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;

/** @param {EventTarget | null} target */
const isTyping = (target) =>
  target instanceof Element &&
  target.matches("input, select, textarea, audio, video, [contenteditable], [role=region]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isModified(event) || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const link = /** @type {HTMLAnchorElement | null} */ (
    view()?.querySelector(`[data-step="${CSS.escape(event.key)}"]`)
  );
  if (!link) return;
  event.preventDefault();
  stop();
  show(link.href, { push: event.key === "Escape" });
});

async function play() {
  isPlaying = true;
  markPlaying();
  const first = slider();
  if (first && Number(first.value) === Number(first.max)) await show(addressAt(steps()[0]));
  while (isPlaying) {
    await new Promise((resolve) => setTimeout(resolve, PLAY_PAUSE_MS));
    const input = slider();
    if (!isPlaying || !input) break;
    const next = steps()[Number(input.value) + 1];
    if (next === undefined || !(await show(addressAt(next)))) break;
  }
  stop();
}
function stop() {
  isPlaying = false;
  markPlaying();
}
function markPlaying() {
  const button = document.getElementById("media-play");
  button?.setAttribute("aria-pressed", String(isPlaying));
  button?.classList.toggle("on", isPlaying);
}

// A sound or video that plays is not replaced by a refresh of the page.
for (const [name, isBusy] of /** @type {const} */ ([
  ["play", true],
  ["pause", false],
  ["ended", false],
]))
  document.addEventListener(
    name,
    (event) => {
      const element = /** @type {HTMLElement} */ (event.target);
      if (element.closest("#media-panels")) element.toggleAttribute("data-editing", isBusy);
    },
    true,
  );
