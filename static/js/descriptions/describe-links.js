// Completion of `run:`, `metric:` and `file:` while a description is typed.

const WAIT_MS = 150;
const area = () => document.getElementById("description-text");
const list = () => document.getElementById("description-known");
const options = () => [...list().querySelectorAll("[role=option]")];
const chosen = () => list().querySelector("[aria-selected=true]");
const TYPED = /(?:^|[^\w/:.@-])((?:run|metric|file):(?:"[^"\n]*|[^\s<>"'`()[\]{},;|*]*))$/;

let timer;
let asked = 0;

function typed() {
  const { selectionStart: at, selectionEnd: end, value } = area();
  return at === end ? (TYPED.exec(value.slice(Math.max(0, at - 300), at))?.[1] ?? "") : "";
}

document.addEventListener("input", (event) => {
  if (event.target !== area() || event.isComposing) return;
  clearTimeout(timer);
  if (typed()) timer = setTimeout(ask, WAIT_MS);
  else close();
});

async function ask() {
  // Saved before the wait was over.
  if (!area()) return;
  const text = typed();
  const turn = ++asked;
  if (!text) return close();
  try {
    const answer = await fetch(`${area().dataset.known}?text=${encodeURIComponent(text)}`);
    const html = answer.ok ? await answer.text() : "";
    // The reader may have typed more, or left.
    if (turn !== asked || !area() || typed() !== text) return;
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
  asked += 1;
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

function take(option) {
  const text = typed();
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
    if (!step) return take(chosen());
    const all = options();
    choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
  },
  true,
);
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("#description-known [role=option]");
  if (!option) return;
  event.preventDefault();
  take(option);
});
document.addEventListener("focusout", (event) => event.target === area() && close());
