// Search through a whole log. The server finds the lines; hits are listed as they are found,
// and those in the lines that are loaded are highlighted.

import { scrollWithin } from "./log-lines.js";

const TYPING_MS = 250;
const MAX_LISTED = 2000;

/**
 * @param {string} text
 * @param {boolean} isRegex
 * @returns {RegExp | null} null if nothing can be highlighted
 */
export function highlightPattern(text, isRegex) {
  if (!text) return null;
  try {
    return new RegExp(isRegex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
  } catch {
    // The server's expressions differ a little from the browser's.
    return null;
  }
}

/**
 * @param {HTMLElement} root
 * @param {import("./log-lines.js").LogLines} lines
 * @param {{ elements: any, querySelector: any, querySelectorAll: any }} form
 * @param {{ onSearch: () => void, onShow: (line: number) => void,
 *   isActive?: () => boolean }} viewer where two logs share a box, one of them is active
 */
export function searchLog(root, lines, form, viewer) {
  const panel = /** @type {HTMLElement} */ (root.querySelector(".log-hits-box"));
  const list = /** @type {HTMLElement} */ (panel.querySelector(".log-hits-list"));
  const place = /** @type {HTMLElement} */ (form.querySelector(".log-place"));
  const box = form.elements.q;
  let generation = 0;
  let timer;
  /** @type {AbortController | null} */
  let running = null;
  let current = -1;
  let isDone = true;
  let searched = "";

  const hits = () => [...list.querySelectorAll("a.log-hit")];
  const lineOf = (hit) => Number(hit.dataset.line);
  const key = () => JSON.stringify([box.value, form.elements.regex.checked]);
  const count = (number) => number.toLocaleString(document.documentElement.lang);

  const isActive = () => viewer.isActive?.() ?? true;

  async function search({ move = isActive() } = {}) {
    clearTimeout(timer);
    generation += 1;
    const own = generation;
    running?.abort();
    running = new AbortController();
    searched = key();
    current = -1;
    list.replaceChildren();
    isDone = !box.value;
    panel.hidden = !box.value;
    viewer.onSearch();
    highlight();
    showState();
    if (!box.value) return;
    let after = "";
    while (own === generation) {
      const fresh = await request(after);
      if (own !== generation || !root.isConnected) return;
      if (!fresh) break;
      const first = !hits().length;
      list.append(...fresh.querySelectorAll("a.log-hit"));
      isDone = fresh.dataset.done === "1";
      after = fresh.dataset.next ?? "";
      if (first && hits().length) choose(nearest(), { move });
      showState();
      if (isDone || !after || hits().length >= MAX_LISTED) break;
    }
    showState();
  }

  async function request(after) {
    const address = new URL(root.dataset.search, location.href);
    address.searchParams.set("q", box.value);
    if (form.elements.regex.checked) address.searchParams.set("regex", "1");
    if (after) address.searchParams.set("after", after);
    const { signal } = running ?? new AbortController();
    const headers = { "HX-Request": "true" };
    const response = await fetch(address, { headers, signal }).catch(() => null);
    if (signal.aborted) return null;
    const html = (await response?.text().catch(() => "")) ?? "";
    if (signal.aborted) return null;
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".log-hits");
    if (response?.ok && fresh) return document.adoptNode(fresh);
    refuse(html);
    return null;
  }

  // The message of the server: an expression can't be read, or the file is gone.
  function refuse(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const message = page.querySelector("[data-message], .empty p, p")?.textContent ?? "";
    const note = document.createElement("p");
    note.className = "bad";
    note.textContent = message || document.body.dataset.offline;
    list.replaceChildren(note);
    isDone = true;
  }

  // The first hit from what the reader sees on, else the last one.
  function nearest() {
    const top = lines.topLine();
    const found = hits().findIndex((hit) => lineOf(hit) >= top);
    return found < 0 ? hits().length - 1 : found;
  }

  async function choose(index, { move = true } = {}) {
    const all = hits();
    if (!all.length) return;
    for (const hit of all) hit.removeAttribute("aria-current");
    current = (index + all.length) % all.length;
    all[current].setAttribute("aria-current", "true");
    showState();
    if (!move) return;
    scrollWithin(list, all[current], "nearest");
    viewer.onShow(lineOf(all[current]));
    await lines.showLine(lineOf(all[current]));
    markCurrent();
  }

  function step(direction) {
    if (!box.value) return;
    if (searched !== key()) return search();
    if (hits().length) choose(current + direction);
  }

  function markCurrent() {
    for (const line of root.querySelectorAll(".line.current")) line.classList.remove("current");
    const hit = hits()[current];
    if (hit && !panel.hidden) lines.find(lineOf(hit))?.classList.add("current");
    highlight();
  }

  function showState() {
    const total = hits().length;
    const more = isDone ? "" : "+";
    place.textContent = "";
    if (total && box.value)
      place.textContent = (place.dataset.of ?? "")
        .replace("%(at)s", count(current + 1))
        .replace("%(count)s", count(total) + more);
    else if (isDone && box.value) place.textContent = place.dataset.none ?? "";
    const head = /** @type {HTMLElement} */ (panel.querySelector(".log-hits-count"));
    const text = total === 1 ? head.dataset.one : head.dataset.many;
    head.textContent = (text ?? "").replace("%(count)s", count(total) + more);
    const state = /** @type {HTMLElement} */ (panel.querySelector(".log-hits-state"));
    const limited = !isDone && total >= MAX_LISTED ? state.dataset.limit : state.dataset.busy;
    state.textContent = (isDone ? state.dataset.done : limited) ?? "";
  }

  function highlight() {
    if (!globalThis.Highlight) return;
    const pattern = highlightPattern(panel.hidden ? "" : box.value, form.elements.regex.checked);
    const [all, now] = [[], []];
    for (const line of pattern ? lines.lines.querySelectorAll(".line[id]") : []) {
      const target = line.classList.contains("current") ? now : all;
      for (const range of rangesOf(line, pattern)) target.push(range);
    }
    highlightRanges(root, all, now);
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_MS);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      box.value = "";
      search();
      if (isActive()) lines.box.focus();
    }
    if (event.key !== "Enter" || !isActive()) return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  });
  form.elements.regex.addEventListener("change", () => search());
  for (const button of form.querySelectorAll("[data-step]"))
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  panel.querySelector("[data-hide-hits]").addEventListener("click", () => {
    panel.hidden = true;
    markCurrent();
  });
  list.addEventListener("click", (event) => {
    const hit = event.target.closest("a.log-hit");
    if (!hit || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(hits().indexOf(hit));
    // Two logs have no anchors: the same numbers are in both.
    if (!viewer.isActive) location.hash = `#L${lineOf(hit)}`;
  });
  lines.onChange(markCurrent);

  return { search, step };
}

// The ranges of all logs of the page.
const highlighted = new Map();
function highlightRanges(root, all, now) {
  highlighted.set(root, [all, now]);
  for (const each of [...highlighted.keys()]) if (!each.isConnected) highlighted.delete(each);
  const shown = [...highlighted.values()];
  CSS.highlights.set("log-hit", new Highlight(...shown.flatMap((ranges) => ranges[0])));
  CSS.highlights.set("log-hit-now", new Highlight(...shown.flatMap((ranges) => ranges[1])));
}

function rangesOf(line, pattern) {
  const code = line.querySelector("code");
  const nodes = [];
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest(".fold")) continue;
    nodes.push([text.length, node]);
    text += node.nodeValue;
  }
  const ranges = [];
  for (const match of text.matchAll(pattern)) {
    if (!match[0]) continue;
    const range = new Range();
    const start = placeOf(nodes, match.index);
    const end = placeOf(nodes, match.index + match[0].length, true);
    range.setStart(start.node, start.offset);
    range.setEnd(end.node, end.offset);
    ranges.push(range);
  }
  return ranges;
}

function placeOf(nodes, offset, isEnd = false) {
  let found = nodes[0];
  for (const each of nodes) {
    if (each[0] > offset || (isEnd && each[0] === offset && each !== nodes[0])) break;
    found = each;
  }
  return { node: found[1], offset: offset - found[0] };
}
