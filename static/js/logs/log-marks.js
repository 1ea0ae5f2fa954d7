// Marked lines: `#L120` or `#L120-L140` in the address. They can be copied with their link,
// and lead to the charts at their moment.

import { copyText } from "../site/app.js";

const RANGE = /^#L(\d+)(?:-L?(\d+))?$/;
const MAX_COPIED_LINES = 2000;

/**
 * @param {string} hash
 * @returns {[number, number] | null} the first and last line
 */
export function parseRange(hash) {
  const found = RANGE.exec(hash);
  if (!found) return null;
  const both = [Number(found[1]), Number(found[2] ?? found[1])].sort((a, b) => a - b);
  return [both[0], both[1]];
}

/**
 * @param {number} first
 * @param {number} last
 */
export const rangeHash = (first, last) => (first === last ? `#L${first}` : `#L${first}-L${last}`);

/**
 * @param {HTMLElement} root
 * @param {import("./log-lines.js").LogLines} lines
 * @param {() => string} address of the file, without marked lines
 */
export function markLines(root, lines, address) {
  const bar = /** @type {HTMLElement} */ (root.querySelector(".log-marked"));
  /** @type {[number, number] | null} */
  let range = null;

  function show() {
    for (const line of root.querySelectorAll(".line.marked")) line.classList.remove("marked");
    bar.hidden = !range;
    if (!range) return;
    const [first, last] = range;
    for (const line of marked()) line.classList.add("marked");
    const name = /** @type {HTMLElement} */ (bar.querySelector(".log-marked-name"));
    const text = first === last ? name.dataset.one : name.dataset.many;
    name.textContent = (text ?? "")
      .replace("%(first)s", first.toLocaleString(document.documentElement.lang))
      .replace("%(last)s", last.toLocaleString(document.documentElement.lang));
    showMetricsLink();
  }

  const marked = () => {
    if (!range) return [];
    const [first, last] = range;
    return [...lines.lines.querySelectorAll(".line")].filter((line) => {
      const number = Number(line.id.slice(1));
      return number >= first && number <= last;
    });
  };

  function showMetricsLink() {
    const link = /** @type {HTMLAnchorElement} */ (bar.querySelector("[data-show-metrics]"));
    const times = marked()
      .map((line) => Number(/** @type {HTMLElement} */ (line).dataset.time))
      .filter(Boolean);
    link.hidden = !times.length || !root.dataset.metrics;
    if (link.hidden) return;
    const [from, to] = [times[0], times[times.length - 1]];
    link.href = `${root.dataset.metrics}?moment=${from}${to > from ? `-${to}` : ""}`;
  }

  /** Mark what the address says, and return its first line. */
  function read(hash = location.hash) {
    range = parseRange(hash);
    show();
    return range?.[0] ?? 0;
  }

  function set(next) {
    range = next;
    const hash = range ? rangeHash(...range) : "";
    history.replaceState(history.state, "", location.pathname + location.search + hash);
    show();
  }

  const link = () => new URL(address() + (range ? rangeHash(...range) : ""), location.href).href;

  async function copyLines() {
    if (!range) return;
    const [first, last] = range;
    const count = Math.min(last - first + 1, MAX_COPIED_LINES);
    let found = marked();
    if (found.length < count) {
      const fresh = await lines.fetchLines({ line: first, count });
      found = [...(fresh?.querySelectorAll(".line") ?? [])];
    }
    const texts = found.map((line) => textOf(line));
    const { copied } = bar.querySelector("[data-copied]").dataset;
    await copyText([...texts, link()].join("\n"), copied);
  }

  lines.box.addEventListener("click", (event) => {
    const line = event.target.closest(".line > :first-child")?.parentElement;
    if (!line) return;
    event.preventDefault();
    const number = Number(line.id.slice(1));
    const start = event.shiftKey && range ? range[0] : number;
    set(start <= number ? [start, number] : [number, start]);
    if (event.shiftKey) getSelection()?.removeAllRanges();
  });
  bar.addEventListener("click", (event) => {
    if (event.target.closest("[data-unmark]")) set(null);
    if (event.target.closest("[data-copy-lines]")) copyLines();
  });
  root.parentElement.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy-link]");
    if (button) copyText(link(), button.dataset.copied);
  });
  lines.onChange(show);

  return { read, set };
}

/** A line's text, without notes about it. */
export function textOf(line) {
  const code = /** @type {HTMLElement} */ (line.querySelector("code")).cloneNode(true);
  for (const note of /** @type {HTMLElement} */ (code).querySelectorAll(".fold")) note.remove();
  const cells = [.../** @type {HTMLElement} */ (code).querySelectorAll(".cell")];
  if (cells.length) return cells.map((cell) => cell.textContent).join("\t");
  return code.textContent.trimEnd();
}
