// The run list's box follows the list.

import { showOffline } from "../site/app.js";

const box = document.getElementById("q");
const note = () => document.getElementById("filter-note");
const list = () => document.getElementById("run-table");

let focused;
document.body.addEventListener("htmx:beforeSwap", ({ target }) => {
  focused = target === list() && target.contains(document.activeElement) && document.activeElement;
});

// Find the replacement of a focused link in the new list. htmx does so for links with an id.
const REDRAWN_LINKS = [".strip a", "th a", ".remove", "td a"];
function focusSubstitute() {
  const kind = REDRAWN_LINKS.find((each) => focused.matches(each));
  const row = focused.closest("tr")?.dataset.row;
  const [then, now] = [focused.closest("#run-table"), list()].map((root) => [
    ...root.querySelectorAll(row ? `[data-row="${row}"] ${kind}` : kind),
  ]);
  return (
    now[Math.min(then.indexOf(focused), now.length - 1)] ??
    ((kind !== ".remove" && list().querySelector("[data-row-link]")) || box)
  );
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  // The filter was refused: set the switches back to the state of the rows.
  if (event.target.id === "filter-note")
    for (const each of list().querySelectorAll("[role=switch]")) each.checked = each.defaultChecked;
  if (event.target.id !== "run-table") return;
  // A refresh by the page itself has no request: it keeps the note and the typed text.
  if (!event.detail.xhr) return;
  if (document.activeElement !== box) box.value = list().dataset.q;
  note().replaceChildren();
  if (focused && document.activeElement === document.body)
    focusSubstitute().focus({ preventScroll: true });
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
const mlflowAddress = /^#\/experiments\/(\d+)(?:\/runs\/([\w-]+))?/.exec(location.hash);
const workspacePath = /^\/w\/[^/]+\//.exec(location.pathname);
if (mlflowAddress && workspacePath) {
  const [, experiment, run] = mlflowAddress;
  location.replace(workspacePath[0] + (run ? `runs/${run}/` : `experiments/~${experiment}/`));
}

// Load the chart scripts with the first chart, or with the dialog that adds one.
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
    showOffline();
  });
  return charts;
}
const loadChartsIfShown = () => document.getElementById("chart-row") && loadCharts();
document.body.addEventListener("htmx:afterSwap", loadChartsIfShown);
document.addEventListener("click", (event) => {
  const link = !charts && event.target.closest?.("[data-edit-chart]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  loadCharts().then((there) => there && link.click());
});
loadChartsIfShown();

// Links that filter by a value exclude it with Alt (Alt+click, Alt+Enter).

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

// Explain Alt in the tooltip; without scripts it has no effect.
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
  if (/[?&]facets=1(&|$)/.test(location.search)) import("../filters/facets.js").catch(showOffline);
}
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "run-table") followFacets();
});
document.body.addEventListener("htmx:historyRestore", followFacets);
loadFacets();
