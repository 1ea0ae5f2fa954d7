// The viewer of logs: puts its parts together, and has the keys of `less`.

import { followLog } from "./log-follow.js";
import { LogLines } from "./log-lines.js";
import { markLines } from "./log-marks.js";
import { searchLog } from "./log-search.js";

const WRAP_KEY = "wrap";
// A log that grows is looked through for tracebacks at most this often.
const OUTLINE_MS = 6000;
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const FILTERS = ["q", "regex", "level", "only"];

/** @type {WeakSet<Element>} */
const started = new WeakSet();
/** The viewer that the keys work on. */
let shown;

function start(root) {
  const form = /** @type {any} */ (root.parentElement.querySelector(".log-tools"));
  const lines = new LogLines(root, () => filterOf(form));
  const address = () => addressOf(root, form);
  const marks = markLines(root, lines, address);
  const follower = "follows" in root.dataset ? followLog(root, lines) : null;
  let applied = JSON.stringify(filterOf(form));
  const search = searchLog(root, lines, form, {
    onSearch: filterIfChanged,
    onShow: () => follower?.release(),
  });
  showCounts(root, lines);
  const outline = outlineOf(root);
  lines.onCount = (size) => {
    showCounts(root, lines);
    outline.refresh(size);
  };
  const note = /** @type {HTMLElement} */ (root.querySelector(".log-note"));
  const showNote = (text) => {
    note.textContent = text ?? "";
    note.hidden = !text;
  };
  lines.onBusy = (isBusy) => {
    if (isBusy) showNote(note.dataset.busy);
    else if (note.textContent === note.dataset.busy) showNote("");
  };
  lines.onChange(() => {
    showCounts(root, lines);
    const isEmpty = !lines.lines.querySelector(".line");
    if (note.textContent === note.dataset.empty && !isEmpty) showNote("");
  });

  async function goToLine(number) {
    if (!number) return;
    follower?.release();
    if (await lines.showLine(number)) marks.read();
  }

  function open() {
    const asked = Number(root.dataset.line);
    const marked = marks.read();
    if (!marked && asked) marks.set([asked, asked]);
    if (marked || asked) goToLine(marked || asked);
    else {
      lines.scrollToEnd();
      follower?.start();
    }
    if (form.elements.q.value) search.search({ move: !marked && !asked });
    if (lines.isFiltered) filter();
  }

  function filterIfChanged() {
    if (JSON.stringify(filterOf(form)) !== applied) filter();
  }

  async function filter() {
    applied = JSON.stringify(filterOf(form));
    keepInAddress(form);
    const followed = follower?.release();
    const isShown = await lines.refilter();
    if (lines.isFiltered) await lines.fillView();
    lines.scrollToEnd();
    if (followed) follower?.start();
    if (lines.lines.querySelector(".line")) showNote("");
    // A later filter shows its own note. The log may not have been read to its start.
    else if (isShown) showNote(lines.isWindowAtStart ? note.dataset.empty : note.dataset.failed);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    keepInAddress(form);
    filterIfChanged();
  });
  addEventListener("hashchange", () => {
    if (root.isConnected) goToLine(marks.read());
  });
  root.addEventListener("click", (event) => {
    const link = event.target.closest(".log-tracebacks a[href*='#L']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.hash = link.hash;
    goToLine(marks.read());
  });
  wrapLines(root);
  if ("unread" in root.dataset) outline.read();
  open();
  return { root, lines, search, follower };
}

function filterOf(form) {
  const filter = {};
  const { q, regex, level, only } = form.elements;
  if (level.value) filter.level = level.value;
  if (only.checked && q.value) {
    filter.q = q.value;
    if (regex.checked) filter.regex = 1;
  }
  return filter;
}

// What is searched for and filtered is in the address.
function keepInAddress(form) {
  const query = new URLSearchParams(location.search);
  for (const name of [...FILTERS, "line", "at"]) query.delete(name);
  for (const name of FILTERS) {
    const field = form.elements[name];
    if (field.type === "checkbox" ? field.checked : field.value) query.set(name, field.value);
  }
  const text = query.toString().replaceAll("%2F", "/");
  history.replaceState(history.state, "", `?${text}${location.hash}`);
}

function addressOf(root, form) {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const field = form.elements[name];
    if (name !== "q" && (field.type === "checkbox" ? field.checked : field.value))
      query.set(name, field.value);
  }
  const more = query.toString();
  return `${root.dataset.page}${more ? `&${more}` : ""}`;
}

function showCounts(root, lines) {
  const size = /** @type {HTMLElement} */ (root.querySelector(".log-size"));
  const text = lines.total === 1 ? size.dataset.linesOne : size.dataset.linesMany;
  const { sizeText } = lines.latest.dataset;
  if (sizeText) size.querySelector(".log-bytes").textContent = sizeText;
  size.querySelector(".log-total").textContent = (text ?? "").replace(
    "%(count)s",
    lines.total.toLocaleString(document.documentElement.lang),
  );
}

// The bar of tracebacks. Those of a long log are found in some requests.
function outlineOf(root) {
  const place = root.querySelector(".log-tracebacks");
  let readSize = Number(root.querySelector(".log-lines").dataset.size);
  let knownSize = readSize;
  let timer = 0;

  async function read() {
    let isDone = false;
    while (!isDone && root.isConnected) {
      const outline = await fetchOutline(root.dataset.outline);
      if (!outline || !root.isConnected) return;
      show(outline);
      isDone = outline.dataset.done === "1";
    }
  }

  function show(outline) {
    const count = Number(outline.dataset.tracebacks);
    if (!count) return place.replaceChildren();
    const label = document.createElement("span");
    const text = count === 1 ? place.dataset.one : place.dataset.many;
    label.textContent = text.replace("%(count)s", String(count));
    const icon = root.querySelector(".log-traceback-icon").content.cloneNode(true);
    place.replaceChildren(icon, label, document.adoptNode(outline));
  }

  /** Read what the log has more than at the last call, at most once in some seconds. */
  function refresh(size) {
    knownSize = size;
    if (timer || size === readSize || !root.isConnected) return;
    readSize = size;
    timer = setTimeout(() => {
      timer = 0;
      refresh(knownSize);
    }, OUTLINE_MS);
    read();
  }

  return { read, refresh };
}

async function fetchOutline(address) {
  const response = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  const html = response?.ok ? await response.text() : "";
  return new DOMParser().parseFromString(html, "text/html").querySelector(".log-outline");
}

function wrapLines(root) {
  const button = root.parentElement.querySelector("[data-wrap-lines]");
  const apply = () => {
    const on = localStorage.getItem(WRAP_KEY) === "1";
    root.querySelector(".log-lines-box").classList.toggle("wrapped", on);
    button.setAttribute("aria-pressed", String(on));
  };
  button.addEventListener("click", () => {
    localStorage.setItem(WRAP_KEY, localStorage.getItem(WRAP_KEY) === "1" ? "" : "1");
    apply();
  });
  apply();
}

const KEYS = {
  g: (viewer) => {
    viewer.follower?.release();
    viewer.lines.showStart();
  },
  G: (viewer) => (viewer.follower ? viewer.follower.goToEnd() : viewer.lines.showEnd()),
  n: (viewer) => viewer.search.step(1),
  N: (viewer) => viewer.search.step(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  if (!shown?.root.isConnected || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key](shown);
});

function scan() {
  for (const root of document.querySelectorAll(".log:not(.is-uncounted)")) {
    if (started.has(root)) continue;
    started.add(root);
    shown = start(root);
  }
}
document.body.addEventListener("htmx:afterSwap", scan);
document.addEventListener("run:changed", scan);
scan();
