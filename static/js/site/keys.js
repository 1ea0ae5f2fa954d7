// Keys of every page; off while something is typed or a dialog is open.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const dialog = () => document.getElementById("key-list");

const ACTS = {
  "/": () => focusBox(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  e: () => press("e"),
  t: () => press("t"),
  c: () => press("c"),
  z: () => document.getElementById("undo-form")?.requestSubmit(),
  x: () => pick(false),
  X: () => pick(true),
  "?": () => dialog()?.showModal(),
};

// A row of a tree opens and closes by the arrows, from its name or its chevron.
const TREE = { ArrowRight: "false", ArrowLeft: "true" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const act = (Object.hasOwn(ACTS, event.key) && ACTS[event.key]) || turning(event);
  if (!act) return;
  event.preventDefault();
  act();
});

function focusBox() {
  const box = document.querySelector("[data-key='/']");
  box?.focus();
  box?.select();
}

// What the page marks with that key: a link or button is followed, a field focused.
function press(key) {
  const target = document.querySelector(`[data-key="${key}"]`);
  if (target?.matches("input")) target.focus();
  else target?.click();
}

// The box of the row that has the focus; with Shift all from the last one on.
function pick(shiftKey) {
  const box = document.activeElement.closest("tr")?.querySelector("[data-pick]");
  box?.dispatchEvent(new MouseEvent("click", { shiftKey, bubbles: true, cancelable: true }));
}

function moveRow(step) {
  const links = [...document.querySelectorAll("[data-row-link]")].filter((link) =>
    link.checkVisibility(),
  );
  const row = document.activeElement.closest("tr")?.querySelector("[data-row-link]");
  const now = links.indexOf(row);
  links[Math.min(Math.max(now + step, 0), links.length - 1)]?.focus();
}

function turning({ key, target }) {
  if (!Object.hasOwn(TREE, key)) return null;
  const cell = target.closest("[data-row-link], .chevron")?.closest("td");
  const chevron = cell?.querySelector(`a.chevron[aria-expanded="${TREE[key]}"]`);
  return chevron && (() => chevron.click());
}
