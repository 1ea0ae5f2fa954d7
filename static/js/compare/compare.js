// Runs side by side: finding a row while it is typed, adding a run from a list that the
// server makes, and going on by itself while a run lives. Everything has a link or form.

import { isPressed } from "../run/run-parts.js";
import { show } from "../run_list/list-address.js";
import { answerOf, queryOf } from "../site/app.js";
import { follow } from "../site/follower.js";
import { loadMorph } from "../site/morph.js";

const WAIT = 150;
const root = () => document.getElementById("compare");
const addBox = () => document.getElementById("add-box");
const offer = () => document.getElementById("compare-offer");
const options = () => [...offer().querySelectorAll("[role=option]")];
let timer, asking;

// The caret and the place in the table stay while what is below changes.
let caret, scrolled, left;
document.body.addEventListener("htmx:beforeSwap", () => {
  const box = document.activeElement;
  left = root()?.contains(box) && box;
  caret = box?.id === "find-row" ? [box.selectionStart, box.selectionEnd, box.value] : null;
  const table = document.getElementById("compare-table");
  scrolled = table && [table.scrollLeft, table.scrollTop];
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "compare") return;
  const table = document.getElementById("compare-table");
  if (scrolled && table) [table.scrollLeft, table.scrollTop] = scrolled;
  const box = document.getElementById("find-row");
  if (caret && box) {
    box.value = caret[2];
    box.focus({ preventScroll: true });
    box.setSelectionRange(caret[0], caret[1]);
  }
  if (left && document.activeElement === document.body) standIn()?.focus({ preventScroll: true });
  document.title = `${root().querySelector("h1").textContent} · Run Studio`;
  showLive();
  follower.restart();
});

// What has the focus where the link that had it is gone or drawn again: of a removed run, the
// next one's; of a baseline, its name; of a file, how it differs.
const REMOVES = "th.run .tool";
function standIn() {
  const find = (selector) => root().querySelector(selector);
  const removes = left.matches(REMOVES) && [...root().querySelectorAll(REMOVES)];
  if (removes)
    return (
      removes[Math.min(left.closest("th").cellIndex, removes.length) - 1] ??
      find("#compare-add summary")
    );
  if (left.closest("th.run")) return find("th.is-baseline .run-name");
  if (left.closest("#diff-files")) return find("#diff-files summary");
  return left.closest("td") && (find(".diff-lines") ?? find("#diff-files summary"));
}

document.addEventListener("input", (event) => {
  const box = event.target;
  if (box.id !== "find-row" && box.id !== "add-box") return;
  clearTimeout(timer);
  timer = setTimeout(box.id === "find-row" ? find : ask, WAIT);
});
// Who leaves the field waits no longer: an answer of before would bring its own text.
document.addEventListener("change", (event) => event.target.id === "find-row" && timer && find());
function find() {
  document.getElementById("compare-form").requestSubmit();
}

// As a link does: a form's second request would wait for the first, whose answer takes the
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
    show(`?${queryOf(form)}`, { part: "compare" });
  },
  true,
);

document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.id === "compare-add" && event.target.open) begin();
  },
  true,
);
function begin() {
  addBox().focus();
  if (!options().length) ask();
}
// Opened before this script was there.
const early = document.getElementById("compare-add");
if (early?.open && early.contains(document.activeElement)) begin();

async function ask() {
  timer = 0;
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const address = `${addBox().dataset.offer}&add=${encodeURIComponent(addBox().value.trim())}`;
  const html = (await answerOf(address, { signal: mine.signal }))?.html;
  if (mine.signal.aborted) return;
  if (html) {
    offer().outerHTML = html;
    htmx.process(offer());
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
  for (const id of ["compare-conclusion", "images"]) {
    const [card, drawn] = [document.getElementById(id), model.content.getElementById(id)];
    if (
      !card ||
      !drawn ||
      card.matches("[data-editing]") ||
      isPressed(card) ||
      card.contains(document.activeElement) ||
      card.isEqualNode(drawn)
    )
      continue;
    card.replaceWith(drawn);
    htmx.process(drawn);
  }
  const pace = model.content.getElementById("compare").dataset.pace;
  if (pace) root().dataset.pace = pace;
  else delete root().dataset.pace;
  showLive();
}
showLive();
