// Makes what is shown like a fresh copy of it, by idiomorph, and leaves alone what the reader
// is using: focus, selected text, open menus, editors.

// Attributes that scripts and readers set, and no fresh copy takes away.
const KEPT_ATTRIBUTES = ["open", "style", "aria-expanded", "aria-busy"];

let loading;
function loadIdiomorph() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector("[data-idiomorph]").dataset.idiomorph;
    script.onload = () => resolve(globalThis.Idiomorph);
    script.onerror = () => {
      loading = undefined;
      script.remove();
      reject(new Error(script.src));
    };
    document.head.append(script);
  });
  return loading;
}

/** A function that makes one element like another; it comes with the first news. */
export async function loadMorph() {
  const Idiomorph = await loadIdiomorph();
  return (shown, fresh) =>
    Idiomorph.morph(shown, fresh, { morphStyle: "outerHTML", callbacks: CALLBACKS });
}

const CALLBACKS = {
  beforeNodeMorphed(shown, fresh) {
    if (shown.isEqualNode(fresh)) return false;
    if (shown.nodeType !== Node.ELEMENT_NODE) return true;
    if (isEdited(shown) || (isInUse(shown) && !hasSameChildren(shown, fresh))) return false;
    // A running clock is set by its own script.
    if (shown.dataset.ticking && fresh.dataset?.ticking) fresh.textContent = shown.textContent;
    return true;
  },
  afterNodeMorphed(shown) {
    // A boosted link keeps the address that it had when htmx first saw it.
    if (shown.matches?.("a, form, [hx-get], [hx-post]")) htmx.process(shown);
  },
  afterNodeAdded(node) {
    if (node.nodeType === Node.ELEMENT_NODE) htmx.process(node);
  },
  beforeNodeRemoved: (node) => !isInUse(node),
  beforeAttributeUpdated: (name) => !KEPT_ATTRIBUTES.includes(name),
};

function isEdited(element) {
  return (
    element.matches("input, textarea, select, [contenteditable]") ||
    element.querySelector("[data-editing]")
  );
}

function isInUse(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  const selection = getSelection();
  if (!selection.isCollapsed && selection.containsNode(node, true)) return true;
  return (
    node.contains(document.activeElement) ||
    Boolean(node.querySelector("details[open], dialog[open]"))
  );
}

function hasSameChildren(shown, fresh) {
  const [mine, theirs] = [namesOfChildren(shown), namesOfChildren(fresh)];
  return mine.length === theirs.length && mine.every((name, n) => name === theirs[n]);
}

// Without spaces between elements, which show nothing.
const namesOfChildren = (node) =>
  [...node.childNodes]
    .filter((child) => child.nodeType !== Node.TEXT_NODE || child.data.trim())
    .map((child) => child.nodeName);
