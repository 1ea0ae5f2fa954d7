// The run list's box follows the list.

import { unheard } from "../site/app.js";

const box = document.getElementById("q");
const note = () => document.getElementById("filter-note");
const list = () => document.getElementById("run-table");

let left;
document.body.addEventListener("htmx:beforeSwap", ({ target }) => {
  left = target === list() && target.contains(document.activeElement) && document.activeElement;
});

// The replacement of a link that was drawn again: where it has an id, htmx knows.
const KINDS = [".strip a", "th a", ".remove", "td a"];
function standIn() {
  const kind = KINDS.find((each) => left.matches(each));
  const row = left.closest("tr")?.dataset.row;
  const [then, now] = [left.closest("#run-table"), list()].map((root) => [
    ...root.querySelectorAll(row ? `[data-row="${row}"] ${kind}` : kind),
  ]);
  return (
    now[Math.min(then.indexOf(left), now.length - 1)] ??
    ((kind !== ".remove" && list().querySelector("[data-row-link]")) || box)
  );
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  // What was refused is not so: switches say what the rows are.
  if (event.target.id === "filter-note")
    for (const each of list().querySelectorAll("[role=switch]")) each.checked = each.defaultChecked;
  if (event.target.id !== "run-table") return;
  // What is being typed stays; a refresh by itself brings no request along, and leaves
  // the note alone.
  if (!event.detail.xhr) return;
  if (document.activeElement !== box) box.value = list().dataset.q;
  note().replaceChildren();
  if (left && document.activeElement === document.body) standIn().focus({ preventScroll: true });
});

// A wrong filter's underline lies under the text, so it goes when the text changes.
box.addEventListener("input", () => note().querySelector(".underlay")?.remove());
// The note can be put away; what is wrong stays underlined.
document.addEventListener("keydown", (event) => {
  const shown = event.key === "Escape" && !event.defaultPrevented && note().querySelector(".note");
  if (!shown) return;
  // Escape would also empty the box.
  if (event.target === box) event.preventDefault();
  if (shown.contains(document.activeElement)) box.focus();
  shown.remove();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("#filter-form")) note().querySelector(".note")?.remove();
});
box.addEventListener("scroll", () => {
  const under = note().querySelector(".underlay");
  if (under) under.scrollLeft = box.scrollLeft;
});
box.addEventListener("search", () => {
  if (!box.value) box.form.requestSubmit();
});

// MLflow clients print `/w/lab/#/experiments/3/runs/ID`, which leads here by a redirect.
const printed = /^#\/experiments\/(\d+)(?:\/runs\/([\w-]+))?/.exec(location.hash);
const above = /^\/w\/[^/]+\//.exec(location.pathname);
if (printed && above) {
  const [, experiment, run] = printed;
  location.replace(above[0] + (run ? `runs/${run}/` : `experiments/~${experiment}/`));
}

// What draws charts comes with the first of them, or with the dialog that makes one.
let charts;
function loadCharts() {
  const { css } = document.getElementById("chart-source").dataset;
  if (!document.querySelector(`link[href="${css}"]`)) {
    const rules = document.createElement("link");
    rules.rel = "stylesheet";
    rules.href = css;
    document.head.append(rules);
  }
  charts ??= import("../charts/chart-row.js").catch(() => {
    charts = undefined;
    unheard();
  });
  return charts;
}
const loadIfAny = () => document.getElementById("chart-row") && loadCharts();
document.body.addEventListener("htmx:afterSwap", loadIfAny);
document.addEventListener("click", (event) => {
  const link = !charts && event.target.closest?.("[data-edit-chart]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  loadCharts().then((there) => there && link.click());
});
loadIfAny();

// Links that ask for "only this": with Alt (Alt+click, Alt+Enter) they ask for "not this".

document.addEventListener(
  "click",
  (event) => {
    // Enter on a link clicks it, with the keys that are held.
    const link = event.altKey && event.target.closest("[data-but]");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    // As the link's own request would be: it enters the history.
    htmx
      .ajax("GET", link.dataset.but, { source: link, target: "#run-table", swap: "outerHTML" })
      .catch(() => {});
  },
  true,
);

// Only with this script is there a second meaning to tell of.
const hint = document.querySelector("[data-but-hint]").dataset.butHint;
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const link = event.target.closest?.("[data-but]:not([title])");
    if (link) link.title = `${link.textContent}\n${hint}`;
  });
}

// The link that opens the facets panel keeps the list's query. The panel's own script is
// loaded when the panel is first open.
function followFacets() {
  const pairs = location.search.slice(1).split("&");
  const isOpen = pairs.includes("facets=1");
  const kept = pairs.filter((pair) => pair && !/^(after|before|open|more|find|facets)=/.test(pair));
  if (!isOpen) kept.push("facets=1");
  const button = document.getElementById("facets-toggle");
  button.setAttribute("aria-expanded", isOpen);
  button.href = `${location.pathname}${kept.length ? `?${kept.join("&")}` : ""}`;
  htmx.process(button);
  loadFacets();
}
function loadFacets() {
  if (/[?&]facets=1(&|$)/.test(location.search)) import("../filters/facets.js").catch(unheard);
}
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "run-table") followFacets();
});
document.body.addEventListener("htmx:historyRestore", followFacets);
loadFacets();
