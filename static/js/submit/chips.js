// A field whose text is a list, shown as chips. The field itself stays the form's value.

import { inQuotes, quote, split } from "./shell-words.js";

const model = () => document.getElementById("chip-model").content.firstElementChild;

const DISTRIBUTION = /^[a-z]+\s*\([^()]*\)$/;
const OPEN_DISTRIBUTION = /^\s*[a-z]+\s*\([^()]*$/;

// Values of a sweep are separated by commas or blanks; tags by line breaks.
const KINDS = {
  values: {
    split: splitValues,
    join: (items) => items.join(", "),
    label: unquoted,
    isWhole: (text) => split(text) !== null && !OPEN_DISTRIBUTION.test(text),
    ends: /[\s,]$/,
  },
  lines: {
    split: (text) => text.split("\n").filter((line) => line.trim()),
    join: (items) => items.join("\n"),
    label: (item) => item,
    isWhole: () => true,
    ends: /[\n,]$/,
  },
};

/**
 * The values in a text, each as it has to be written: in quotes where it has blanks.
 * @param {string} text
 * @returns {string[]}
 */
export function splitValues(text) {
  // An apostrophe in a word is no quote.
  if (split(text) === null) return text.trim() ? [quote(text.trim())] : [];
  // A distribution is one value, with the commas between its numbers.
  if (DISTRIBUTION.test(text.trim())) return [text.trim()];
  return text.match(/(?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s,"'])+/gs) ?? [];
}

/** @param {string} item */
export function unquoted(item) {
  if (DISTRIBUTION.test(item)) return item;
  return split(item)?.[0] ?? item;
}

/** Write a value so that it stays one. */
export const quoteValue = (value) =>
  /[\s,'"\\]|\.\./.test(value) || !value ? inQuotes(value) : value;

/**
 * Show the field as chips.
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 */
export function makeChips(field) {
  const kind = KINDS[field.dataset.chips || "values"];
  const box = document.createElement("div");
  box.className = "box-field chip-field";
  const input = document.createElement("input");
  input.className = "chip-input";
  input.placeholder = field.placeholder;
  input.setAttribute("aria-label", field.labels?.[0]?.textContent ?? field.ariaLabel);
  field.hidden = true;
  field.after(box);
  box.append(input);
  // The label leads to what is shown.
  if (field.id) {
    input.id = `${field.id}-input`;
    for (const label of field.labels ?? []) label.htmlFor = input.id;
  }

  const items = () => kind.split(field.value);
  function set(list) {
    field.value = kind.join(list);
    draw();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function take() {
    const added = kind.split(input.value);
    input.value = "";
    if (added.length) set([...items(), ...added]);
  }
  function draw() {
    for (const chip of box.querySelectorAll(".chip")) chip.remove();
    for (const [n, item] of items().entries()) {
      const chip = /** @type {HTMLElement} */ (model().cloneNode(true));
      chip.querySelector("span").textContent = kind.label(item);
      const button = chip.querySelector("button");
      button.setAttribute("aria-label", `${button.ariaLabel} ${kind.label(item)}`);
      button.addEventListener("click", () => {
        set(items().filter((_, at) => at !== n));
        input.focus();
      });
      input.before(chip);
    }
    input.placeholder = items().length ? "" : field.placeholder;
  }

  input.addEventListener("input", () => {
    // A blank in an open quote is part of the value.
    if (kind.ends.test(input.value) && kind.isWhole(input.value)) take();
  });
  input.addEventListener("change", take);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      take();
    }
    if (event.key === "Backspace" && !input.value && items().length) {
      event.preventDefault();
      set(items().slice(0, -1));
    }
  });
  box.addEventListener("click", (event) => {
    if (event.target === box) input.focus();
  });
  draw();
}
