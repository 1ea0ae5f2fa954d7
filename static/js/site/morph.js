// Makes what is shown like what was drawn anew, and touches only what differs: focus,
// selected text, open menus and editors stay.

// What scripts and readers set, and no drawing takes away.
const OWN = ["open", "style", "aria-expanded", "aria-busy"];

export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType === Node.TEXT_NODE && fresh.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) {
    if (isHeld(old)) return;
    const made = document.importNode(fresh, true);
    old.replaceWith(made);
    if (made.nodeType === Node.ELEMENT_NODE) htmx.process(made);
    return;
  }
  if (isEdited(old)) return;
  attributes(old, fresh);
  // A running clock is set by its own script.
  if (old.dataset?.ticking && fresh.dataset.ticking) return;
  const [mine, theirs] = [solid(old), solid(fresh)];
  if (mine.length === theirs.length) for (const [n, node] of mine.entries()) morph(node, theirs[n]);
  else if (!isHeld(old)) {
    old.replaceChildren(...theirs.map((node) => document.importNode(node, true)));
    htmx.process(old);
  }
}

// What was put in by a script may have brought a line end along, which shows nothing.
const solid = (node) =>
  [...node.childNodes].filter((child) => child.nodeType !== Node.TEXT_NODE || child.data.trim());

function attributes(old, fresh) {
  let changed = false;
  for (const { name, value } of [...fresh.attributes]) {
    if (OWN.includes(name) || old.getAttribute(name) === value) continue;
    old.setAttribute(name, value);
    changed = true;
  }
  for (const { name } of [...old.attributes]) {
    if (OWN.includes(name) || fresh.hasAttribute(name)) continue;
    old.removeAttribute(name);
    changed = true;
  }
  // A boosted link keeps the address that it had when it was made known.
  if (changed && old.matches("a, form, [hx-get], [hx-post]")) htmx.process(old);
}

// The reader is in it: with the keyboard, with an open menu, with a selection.
function isHeld(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  const selection = getSelection();
  const marks = !selection.isCollapsed && selection.containsNode(node, true);
  return (
    marks ||
    node.contains(document.activeElement) ||
    node.querySelector("details[open], dialog[open]")
  );
}

const isEdited = (node) =>
  node.matches("input, textarea, select, [contenteditable]") ||
  node.querySelector("[data-editing]");
