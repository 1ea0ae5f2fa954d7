// The dialogs of actions on selected runs. In the dialog of tags, each list of choices
// becomes a box with three states. Without scripts, the lists do the same.

// On every run, on some (unchanged), on none: what a click leads to.
const VALUES = { true: "set", false: "remove", mixed: "" };

function makeBoxes() {
  /** @type {NodeListOf<HTMLSelectElement>} */
  const selects = document.querySelectorAll("#bulk-dialog select[data-tristate]:not([hidden])");
  for (const select of selects) {
    const box = document.createElement("button");
    box.type = "button";
    box.className = "pick-box";
    box.setAttribute("role", "checkbox");
    select.hidden = true;
    const label = document.querySelector(`label[for="${select.id}"]`);
    // The label belongs to the box now, so a click on it works too.
    box.id = `${select.id}-box`;
    if (label instanceof HTMLLabelElement) label.htmlFor = box.id;
    showState(box, select);
    box.addEventListener("click", () => {
      const states = statesOf(select);
      const next = states[(states.indexOf(stateOf(select)) + 1) % states.length];
      select.value = next === select.dataset.tristate ? "" : VALUES[next];
      showState(box, select);
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
    select.before(box);
    select.parentElement.querySelector(".quiet").before(editButton(select));
  }
}

// Puts the key into the field of new tags, for another value.
function editButton(select) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool";
  button.setAttribute("aria-label", select.dataset.edit);
  button.title = select.dataset.edit;
  button.innerHTML = document.getElementById("bulk-edit-icon").innerHTML;
  button.addEventListener("click", () => {
    const field = fieldOfNew();
    field.value = `${select.dataset.key}: `;
    field.focus();
  });
  return button;
}

/** @returns {HTMLInputElement} */
const fieldOfNew = () => document.querySelector("#bulk-add");

// The server answers with the list of new tags, each with a box that removes it.
function addTyped() {
  const field = fieldOfNew();
  if (field.value.trim() === "") return;
  const added = document.createElement("input");
  added.type = "hidden";
  added.name = "new";
  added.value = field.value.trim();
  document.getElementById("bulk-new").append(added);
  field.value = "";
  field.focus();
  field.form.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  // Enter in the field clicks it too.
  if (!event.target.closest("#bulk-dialog [name=do]")) return;
  event.preventDefault();
  addTyped();
});

/** @param {HTMLSelectElement} select */
function stateOf(select) {
  if (select.value === "set") return "true";
  return select.value === "remove" ? "false" : select.dataset.tristate;
}

// A tag with several values can't be set on every run.
function statesOf(select) {
  const canSet = [...select.options].some((each) => each.value === "set");
  if (select.dataset.tristate === "true") return ["true", "false"];
  return canSet ? ["mixed", "true", "false"] : ["mixed", "false"];
}

function showState(box, select) {
  const state = stateOf(select);
  box.setAttribute("aria-checked", state);
  const line = select.parentElement;
  line.querySelector(".bulk-badge")?.remove();
  if (state === select.dataset.tristate) return;
  const badge = document.createElement("span");
  const isAdded = state === "true";
  badge.className = `bulk-badge ${isAdded ? "add" : "remove"}`;
  badge.textContent = isAdded ? `+${select.dataset.added}` : `\u2212${select.dataset.removed}`;
  line.append(badge);
}

// A press on the button leaves the field that was typed in, which asks for a new preview.
// That must not replace the button before it is released: the click would be lost.
let isPressed = false;
let isPlanHeld = false;
let isSent = false;

document.addEventListener("pointerdown", ({ target }) => {
  isPressed = target instanceof Element && Boolean(target.closest("#bulk-plan button"));
});
for (const type of ["pointerup", "pointercancel"])
  document.addEventListener(type, () => {
    // The click comes after this.
    setTimeout(() => {
      isPressed = false;
      const form = document.querySelector("#bulk-dialog form");
      if (isPlanHeld && !isSent) form?.dispatchEvent(new Event("change", { bubbles: true }));
      isPlanHeld = false;
    }, 50);
  });
document.addEventListener("submit", ({ target }) => {
  isSent = target instanceof Element && Boolean(target.closest("#bulk-dialog"));
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id !== "bulk-plan" || !isPressed) return;
  event.detail.shouldSwap = false;
  isPlanHeld = true;
});

// The menu that opened a dialog must not stay open behind it. Its button has the focus, which
// the dialog gives back when it closes.
document.body.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (target.id !== "bulk-dialog") return;
  /** @type {HTMLDetailsElement | null} */
  const menu = document.querySelector(".tray details[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Enter takes the first button of a form, which without scripts shows the preview.
function leaveOnlyChange() {
  document.querySelector("#bulk-plan [formmethod=get]")?.remove();
}

document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id === "bulk-plan") leaveOnlyChange();
  if (target.id !== "bulk-dialog") return;
  isSent = false;
  makeBoxes();
  leaveOnlyChange();
});
makeBoxes();
leaveOnlyChange();
