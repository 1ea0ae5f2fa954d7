// Two logs side by side: search in both, a filter, marked rows, the keys of `less`.

import { numberOf } from "../logs/log-lines.js";
import { searchLog } from "../logs/log-search.js";
import { copyText } from "../site/app.js";
import { follow } from "../site/follower.js";
import { NAMES, PairedLines, parseRows } from "./paired-lines.js";

// Seconds between two requests for new lines.
const SECONDS = 2;
const WRAP_KEY = "wrap";
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const SHOWN = ["q", "regex", "level", "only"];

const root = document.getElementById("log-pair");
const form = /** @type {any} */ (document.getElementById("pair-form"));
if (root?.dataset.rows) start(root);

function start(root) {
  const pair = new PairedLines(root, filterOf);
  const panes = [...root.querySelectorAll(".log-pane")];
  // The keys and the box of the search work on the log that was used last.
  let active = 0;
  let applied = JSON.stringify(filterOf());
  function filterIfChanged() {
    const filter = JSON.stringify(filterOf());
    if (filter === applied) return;
    applied = filter;
    showFiltered(pair);
  }

  const searches = panes.map((pane, side) =>
    searchLog(pane, linesOf(pair, side), fieldsOf(pane), {
      onSearch: filterIfChanged,
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
  form.addEventListener("change", () => {
    keepInAddress();
    filterIfChanged();
  });
  showNotes(root, pair);
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

// While one of the runs is active, and the last line of its log is loaded, new rows appear.
function followLogs(root, pair) {
  let etag = "";
  let asked = "";
  const cursorOf = (place) => place?.cursor.join("-") ?? "";
  follow({
    pace: () => ("live" in root.dataset ? SECONDS : 0),
    address() {
      const address = pair.addressOf({ start: cursorOf(pair.newsPlace()) });
      if (address.href !== asked) etag = "";
      asked = address.href;
      return address;
    },
    etag: () => etag,
    isBusy: () => pair.isLoading || !pair.newsPlace(),
    show(html, responseEtag) {
      const fresh = parseRows(html);
      const place = pair.newsPlace();
      // The reader can have gone elsewhere in the meantime, or has another filter.
      const isCurrent = pair.addressOf({ start: cursorOf(place) }).href === asked;
      if (!fresh || !place || !isCurrent || fresh.dataset.busy === "1") return;
      etag = responseEtag;
      if (fresh.dataset.live) root.dataset.live = fresh.dataset.live;
      else delete root.dataset.live;
      pair.showNews(fresh, place.row);
    },
  });
}

// A level; a text, if only its lines are shown.
function filterOf() {
  const { q, regex, level, only } = form.elements;
  const filter = {};
  if (level.value) filter.level = level.value;
  if (only.checked && q.value) {
    Object.assign(filter, { only: 1, q: q.value });
    if (regex.checked) filter.regex = 1;
  }
  return filter;
}

async function showFiltered(pair) {
  const { line, of } = form.elements;
  const side = NAMES.indexOf(of.value);
  const query = line.value ? { line: line.value, of: of.value } : {};
  const isShown = await pair.refilter(query);
  if (isShown === null) return pair.onFailed();
  if (!isShown) return;
  const marked = line.value ? pair.find(side, Number(line.value)) : null;
  if (marked) pair.scrollTo(side, marked, "center");
  else for (const box of pair.boxes) pair.place(box, 0);
  // A search that took too long has found few lines yet.
  pair.loadNear(pair.boxes[0]);
}

// Why a box is empty.
function showNotes(root, pair) {
  const notes = root.querySelectorAll(".log-note");
  const show = (note, text) => {
    note.textContent = text ?? "";
    note.hidden = !text;
  };
  pair.onBusy = (isBusy) => {
    for (const note of notes) show(note, isBusy ? note.dataset.busy : "");
  };
  pair.onFailed = () => {
    for (const note of notes) show(note, note.dataset.failed);
  };
  const update = () => {
    notes.forEach((note, side) => {
      const isEmpty = pair.isStart && pair.isEnd && !pair.rowsOf(side).some((row) => row.id);
      show(note, isEmpty && pair.isFiltered ? note.dataset.empty : "");
    });
  };
  pair.onChange(update);
  if (pair.isFiltered) update();
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
  for (const name of [...SHOWN, "line", "of", "start", "before", "end"]) query.delete(name);
  for (const name of SHOWN) {
    const field = form.elements[name];
    if (field.type === "checkbox" ? field.checked : field.value) query.set(name, field.value);
  }
  const { line, of } = form.elements;
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
