// Two logs side by side: search in both, marked rows, the keys of `less`.

import { numberOf } from "../logs/log-lines.js";
import { searchLog } from "../logs/log-search.js";
import { copyText } from "../site/app.js";
import { follow } from "../site/follower.js";
import { PairedLines, parseRows } from "./paired-lines.js";

// Seconds between two requests for new lines.
const SECONDS = 2;
const WRAP_KEY = "wrap";
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const NAMES = ["left", "right"];

const root = document.getElementById("log-pair");
const form = /** @type {any} */ (document.getElementById("pair-form"));
if (root?.dataset.rows) start(root);

function start(root) {
  const pair = new PairedLines(root);
  const panes = [...root.querySelectorAll(".log-pane")];
  // The keys and the box of the search work on the log that was used last.
  let active = 0;

  const searches = panes.map((pane, side) =>
    searchLog(pane, linesOf(pair, side), fieldsOf(pane), {
      isFilter: () => false,
      isActive: () => active === side,
      onShow: (number) => mark(side, number),
    }),
  );
  panes.forEach((pane, side) => {
    for (const kind of ["pointerdown", "focusin"])
      pane.addEventListener(kind, () => {
        active = side;
      });
  });

  // The marked row is in the address.
  function mark(side, number) {
    const { line, of } = form.elements;
    [line.value, of.value] = number ? [String(number), NAMES[side]] : ["", NAMES[0]];
    line.disabled = of.disabled = !number;
    keepInAddress();
    showMark();
  }
  function showMark() {
    for (const row of root.querySelectorAll(".line.marked")) row.classList.remove("marked");
    const side = NAMES.indexOf(form.elements.of.value);
    const line = pair.find(side, Number(form.elements.line.value));
    if (!line) return;
    const at = [...pair.linesOf(side).children].indexOf(line);
    for (const each of [0, 1]) pair.linesOf(each).children[at].classList.add("marked");
  }

  root.addEventListener("click", (event) => {
    const line = event.target.closest(".line[id] > :first-child")?.parentElement;
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    mark(panes.indexOf(line.closest(".log-pane")), numberOf(line));
  });
  form.addEventListener("submit", (event) => {
    // A select opens another page; the search is here.
    if (document.activeElement === form.elements.q) event.preventDefault();
  });
  form.elements.q.addEventListener("input", keepInAddress);
  form.elements.regex.addEventListener("change", keepInAddress);
  document.querySelector("[data-share]")?.addEventListener("click", (event) => {
    copyText(location.href, event.currentTarget.dataset.copied);
  });

  const keys = {
    g: () => pair.showStart(),
    G: () => pair.showEnd(),
    n: () => searches[active].step(1),
    N: () => searches[active].step(-1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  followLogs(root, pair);
  wrapLines(root, (change) => pair.keepPlace(change));
  new ResizeObserver(() => pair.relevel()).observe(pair.boxes[0]);
  pair.onChange(showMark);
  const { line, of } = form.elements;
  if (line.value) pair.showLine(NAMES.indexOf(of.value), Number(line.value));
  else if ("opensEnd" in root.dataset) pair.showEnd();
  showMark();
  if (form.elements.q.value) for (const each of searches) each.search({ move: false });
}

// While one of the runs is active, and the last rows are loaded, new rows are added.
function followLogs(root, pair) {
  let etag = "";
  let asked = "";
  follow({
    pace: () => ("live" in root.dataset ? SECONDS : 0),
    address() {
      const address = new URL(root.dataset.rows, location.href);
      address.searchParams.set("start", pair.lastRow.join("-"));
      if (address.href !== asked) etag = "";
      asked = address.href;
      return address;
    },
    etag: () => etag,
    isBusy: () => !pair.isEnd || pair.isLoading,
    show(html, responseEtag) {
      const fresh = parseRows(html);
      // The reader can have gone elsewhere in the meantime.
      if (!fresh || !pair.isEnd || fresh.dataset.start !== pair.lastRow.join("-")) return;
      etag = responseEtag;
      if (!("live" in fresh.dataset)) delete root.dataset.live;
      pair.showNews(fresh);
    },
  });
}

// What the search needs of one of the logs.
function linesOf(pair, side) {
  return /** @type {any} */ ({
    box: pair.boxes[side],
    get lines() {
      return pair.linesOf(side);
    },
    topLine: () => pair.topLine(side),
    find: (number) => pair.find(side, number),
    showLine: (number) => pair.showLine(side, number),
    onChange: (listener) => pair.onChange(listener),
  });
}

// The box is for both logs; each has its own place and buttons.
function fieldsOf(pane) {
  return {
    elements: form.elements,
    querySelector: (selector) => pane.querySelector(selector),
    querySelectorAll: (selector) => pane.querySelectorAll(selector),
  };
}

function keepInAddress() {
  const query = new URLSearchParams(location.search);
  for (const name of ["q", "regex", "line", "of", "start", "before", "end"]) query.delete(name);
  const { q, regex, line, of } = form.elements;
  if (q.value) query.set("q", q.value);
  if (regex.checked) query.set("regex", "1");
  if (line.value) query.set("line", line.value);
  if (line.value && of.value === "right") query.set("of", of.value);
  const text = query.toString().replaceAll("%2F", "/");
  history.replaceState(history.state, "", `?${text}`);
}

function wrapLines(root, keepPlace) {
  const button = /** @type {HTMLElement} */ (document.querySelector("[data-wrap-lines]"));
  const apply = () => {
    const on = localStorage.getItem(WRAP_KEY) === "1";
    const boxes = root.querySelectorAll(".log-lines-box");
    keepPlace(() => {
      for (const box of boxes) box.classList.toggle("wrapped", on);
    });
    button.setAttribute("aria-pressed", String(on));
  };
  button.addEventListener("click", () => {
    localStorage.setItem(WRAP_KEY, localStorage.getItem(WRAP_KEY) === "1" ? "" : "1");
    apply();
  });
  apply();
}
