// The Compare page: search rows while you type, add a run from the server's suggestions, and
// update while a run is active. Without scripts, links and forms do the same.

import { keepFigures, withoutDrawings } from "../previews/kept-figures.js";
import { isPressed } from "../run/run-parts.js";
import { show } from "../run_list/list-address.js";
import { fetchPage, formQuery } from "../site/app.js";
import { follow } from "../site/follower.js";
import { loadMorph } from "../site/morph.js";

const TYPING_PAUSE_MS = 150;
const root = () => document.getElementById("compare");
const addBox = () => document.getElementById("add-box");
const suggestions = () => document.getElementById("compare-offer");
const options = () => [...suggestions().querySelectorAll("[role=option]")];
let timer, pending;

// Keep the caret and the scroll position while the table is replaced.
let caret, scrollPosition, focused;
document.body.addEventListener("htmx:beforeSwap", () => {
  const box = document.activeElement;
  focused = root()?.contains(box) && box;
  caret = box?.id === "find-row" ? [box.selectionStart, box.selectionEnd, box.value] : null;
  const table = document.getElementById("compare-table");
  scrollPosition = table && [table.scrollLeft, table.scrollTop];
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "compare") return;
  const table = document.getElementById("compare-table");
  if (scrollPosition && table) [table.scrollLeft, table.scrollTop] = scrollPosition;
  const box = document.getElementById("find-row");
  if (caret && box) {
    box.value = caret[2];
    box.focus({ preventScroll: true });
    box.setSelectionRange(caret[0], caret[1]);
  }
  if (focused && document.activeElement === document.body)
    focusSubstitute()?.focus({ preventScroll: true });
  document.title = `${root().querySelector("h1").textContent} · Run Studio`;
  showLive();
  follower.restart();
});

// Find a new focus after the focused link was removed: of a removed run, the next run; of a
// baseline, its name; of a file, its differences.
const REMOVES = "th.run .tool";
function focusSubstitute() {
  const find = (selector) => root().querySelector(selector);
  const removes = focused.matches(REMOVES) && [...root().querySelectorAll(REMOVES)];
  if (removes)
    return (
      removes[Math.min(focused.closest("th").cellIndex, removes.length) - 1] ??
      find("#compare-add summary")
    );
  if (focused.closest("th.run")) return find("th.is-baseline .run-name");
  if (focused.closest("#diff-files")) return find("#diff-files summary");
  return focused.closest("td") && (find(".diff-lines") ?? find("#diff-files summary"));
}

document.addEventListener("input", (event) => {
  const box = event.target;
  if (box.id !== "find-row" && box.id !== "add-box") return;
  clearTimeout(timer);
  timer = setTimeout(box.id === "find-row" ? find : loadSuggestions, TYPING_PAUSE_MS);
});
// Search immediately when the field loses the focus: a pending response would replace its text.
document.addEventListener("change", (event) => event.target.id === "find-row" && timer && find());
function find() {
  document.getElementById("compare-form").requestSubmit();
}

// As a link does: a form's second request would wait for the first, whose response takes the
// form away.
document.addEventListener(
  "submit",
  (event) => {
    if (event.target.id !== "compare-form") return;
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(timer);
    timer = 0;
    const form = /** @type {HTMLFormElement} */ (event.target);
    show(`?${formQuery(form)}`, { part: "compare" });
  },
  true,
);

document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.id === "compare-add" && event.target.open) startAdding();
  },
  true,
);
function startAdding() {
  addBox().focus();
  if (!options().length) loadSuggestions();
}
// The box was opened before this script was loaded.
const openedEarly = document.getElementById("compare-add");
if (openedEarly?.open && openedEarly.contains(document.activeElement)) startAdding();

async function loadSuggestions() {
  timer = 0;
  pending?.abort();
  const controller = new AbortController();
  pending = controller;
  const address = `${addBox().dataset.offer}&add=${encodeURIComponent(addBox().value.trim())}`;
  const html = (await fetchPage(address, { signal: controller.signal }))?.html;
  if (controller.signal.aborted) return;
  if (html) {
    suggestions().outerHTML = html;
    htmx.process(suggestions());
  }
  choose(null);
}

function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", each === option);
  const box = addBox();
  box.setAttribute("aria-expanded", String(options().length > 0));
  if (option) {
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else box.removeAttribute("aria-activedescendant");
}

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "add-box" || event.isComposing) return;
  const all = options();
  const now = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(all.at((now + (event.key === "ArrowDown" ? 1 : now < 0 ? 0 : -1)) % all.length) ?? null);
  } else if (event.key === "Enter" && now >= 0) {
    event.preventDefault();
    all[now].click();
  }
});

// While a run is active the table is requested again; only cells that changed are touched.
const live = document.getElementById("live");
const follower = follow({
  pace: () => Number(root()?.dataset.pace) || 0,
  address: () => location.href,
  etag: () => "",
  isBusy: () => document.querySelector("dialog[open], #compare [data-editing]"),
  report: (state) => live.classList.toggle("paused", state !== "live"),
  show: update,
});
function showLive() {
  live.hidden = !root()?.dataset.pace;
}
/** Whether a sound or video of a card plays, which a new card would end. */
const isPlaying = (card) => [...card.querySelectorAll("audio, video")].some((one) => !one.paused);
async function update(html) {
  const model = document.createElement("template");
  model.innerHTML = html;
  const [now, fresh] = [
    document.querySelector("table.compare"),
    model.content.querySelector("table.compare"),
  ];
  if (now && fresh) {
    const morph = await loadMorph();
    if (!now.isConnected) return;
    morph(now, fresh);
  }
  for (const id of ["compare-conclusion", "compare-media"]) {
    const [card, drawn] = [document.getElementById(id), model.content.getElementById(id)];
    if (
      !card ||
      !drawn ||
      card.matches("[data-editing]") ||
      isPressed(card) ||
      isPlaying(card) ||
      card.contains(document.activeElement) ||
      withoutDrawings(card).isEqualNode(drawn)
    )
      continue;
    document.adoptNode(drawn);
    keepFigures(card, drawn);
    card.replaceWith(drawn);
    htmx.process(drawn);
  }
  document.dispatchEvent(new CustomEvent("media:shown"));
  const pace = model.content.getElementById("compare").dataset.pace;
  if (pace) root().dataset.pace = pace;
  else delete root().dataset.pace;
  showLive();
}
showLive();
