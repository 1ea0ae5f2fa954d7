// Suggest references (`run:`, `metric:` and `file:`) while a description is typed, and
// members after `@` in a comment.

const TYPING_PAUSE_MS = 150;
const area = () => document.getElementById("description-text");
const list = () => document.getElementById("description-known");
const options = () => [...list().querySelectorAll("[role=option]")];
const chosen = () => list().querySelector("[aria-selected=true]");
const TYPED = /(?:^|[^\w/:.@-])((?:run|metric|file):(?:"[^"\n]*|[^\s<>"'`()[\]{},;|*]*))$/;
const TYPED_MEMBER = /(?:^|[^\w/:.@-])(@[\w.+-]*)$/;

let timer;
let lastRequest = 0;

function typedReference() {
  const { selectionStart: at, selectionEnd: end, value } = area();
  if (at !== end) return "";
  const before = value.slice(Math.max(0, at - 300), at);
  const member = "mentions" in area().dataset && TYPED_MEMBER.exec(before);
  return (member || TYPED.exec(before))?.[1] ?? "";
}

document.addEventListener("input", (event) => {
  if (event.target !== area() || event.isComposing) return;
  clearTimeout(timer);
  if (typedReference()) timer = setTimeout(loadSuggestions, TYPING_PAUSE_MS);
  else close();
});

async function loadSuggestions() {
  // The description was saved during the pause.
  if (!area()) return;
  const text = typedReference();
  const number = ++lastRequest;
  if (!text) return close();
  try {
    const response = await fetch(`${area().dataset.known}?text=${encodeURIComponent(text)}`);
    const html = response.ok ? await response.text() : "";
    // The reader can have typed more, or left the editor.
    if (number !== lastRequest || !area() || typedReference() !== text) return;
    list().innerHTML = html;
    if (!options().length) return close();
    list().hidden = false;
    area().setAttribute("aria-controls", list().id);
    choose(options()[0]);
  } catch {
    close();
  }
}

function close() {
  lastRequest += 1;
  if (!list() || list().hidden) return;
  list().hidden = true;
  list().replaceChildren();
  area().removeAttribute("aria-activedescendant");
  area().removeAttribute("aria-controls");
}

function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", each === option);
  area().setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function insertReference(option) {
  const text = typedReference();
  area().focus();
  area().setSelectionRange(area().selectionStart - text.length, area().selectionStart);
  document.execCommand("insertText", false, option.dataset.insert);
  close();
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };
// Before the editor's own keys: Escape closes the list first, and not the editor.
document.addEventListener(
  "keydown",
  (event) => {
    if (
      event.target !== area() ||
      list().hidden ||
      event.isComposing ||
      event.ctrlKey ||
      event.metaKey
    )
      return;
    const step = STEPS[event.key];
    if (!step && !["Enter", "Tab", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return close();
    if (!step) return insertReference(chosen());
    const all = options();
    choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
  },
  true,
);
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("#description-known [role=option]");
  if (!option) return;
  event.preventDefault();
  insertReference(option);
});
document.addEventListener("focusout", (event) => event.target === area() && close());
