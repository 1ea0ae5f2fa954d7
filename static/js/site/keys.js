// Keyboard shortcuts of every page. They are off while you type or a dialog is open.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const dialog = () => document.getElementById("key-list");

const SHORTCUTS = {
  "/": () => focusFilter(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  e: () => followMarked("e"),
  t: () => followMarked("t"),
  c: () => followMarked("c"),
  z: () => document.getElementById("undo-form")?.requestSubmit(),
  x: () => toggleRow(false),
  X: () => toggleRow(true),
  "?": () => dialog()?.showModal(),
};

// The arrow keys open and close a row of a tree, from its name or its chevron.
const TREE_KEYS = { ArrowRight: "false", ArrowLeft: "true" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const action = (Object.hasOwn(SHORTCUTS, event.key) && SHORTCUTS[event.key]) || treeAction(event);
  if (!action) return;
  event.preventDefault();
  action();
});

function focusFilter() {
  const box = document.querySelector("[data-key='/']");
  box?.focus();
  box?.select();
}

// Click the link or button that the page marks with this key, or focus the field.
function followMarked(key) {
  const target = document.querySelector(`[data-key="${key}"]`);
  if (target?.matches("input")) target.focus();
  else target?.click();
}

// Toggle the checkbox of the focused row; with Shift, all rows since the last one.
function toggleRow(shiftKey) {
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

function treeAction({ key, target }) {
  if (!Object.hasOwn(TREE_KEYS, key)) return null;
  const cell = target.closest("[data-row-link], .chevron")?.closest("td");
  const chevron = cell?.querySelector(`a.chevron[aria-expanded="${TREE_KEYS[key]}"]`);
  return chevron && (() => chevron.click());
}
