// Arguments as rows of a name and a value. The text field stays what the form sends.

import { join, rowsOf, split, wordsOf } from "./shell-words.js";

const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("arguments"));
const text = document.getElementById("arguments-text");
const list = document.getElementById("argument-rows");
const toggle = document.getElementById("edit-as-text");
const counter = document.getElementById("argument-count");
const model = () => document.getElementById("argument-model").content.firstElementChild;

/** @type {{ name: string, value: string | null, joined: boolean }[]} */
let rows = [];
let isText = false;
// Called with the name and value of an argument that is swept from now on.
let onSweep = (_name, _value) => {};

const before = field.dataset.before === undefined ? null : valuesBefore();
function valuesBefore() {
  const found = new Map();
  for (const row of rowsOf(split(field.dataset.before) ?? [])) {
    if (row.name) found.set(row.name, row.value);
  }
  return found;
}

export function startRows(whenSwept) {
  onSweep = whenSwept;
  toggle.addEventListener("click", () => showText(!isText));
  document.getElementById("add-argument").addEventListener("click", () => {
    if (isText && !showText(false)) return;
    rows.push({ name: "--", value: null, joined: false });
    draw();
    const added = list.lastElementChild?.querySelector("input");
    added?.focus();
    added?.setSelectionRange(2, 2);
  });
  field.addEventListener("input", count);
  showText(false);
}

/** Take an argument out of the rows; return its value. */
export function takeArgument(name) {
  const found = rows.find((row) => row.name === name);
  rows = rows.filter((row) => row.name !== name);
  write();
  draw();
  return found?.value ?? "";
}

/** Add an argument that is swept no more. */
export function giveArgument(name, value) {
  rows.push({ name, value, joined: false });
  write();
  draw();
}

export const argumentNames = () => rows.map((row) => row.name).filter(Boolean);

// False where the text can't be shown as rows: a quote is open.
function showText(wanted) {
  if (!wanted) {
    const words = split(field.value);
    if (!words) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
      return false;
    }
    field.removeAttribute("aria-invalid");
    rows = rowsOf(words);
    draw();
  }
  isText = wanted;
  toggle.setAttribute("aria-pressed", String(wanted));
  text.hidden = !wanted;
  list.hidden = wanted;
  if (wanted) field.focus();
  count();
  return true;
}

function write() {
  field.value = join(wordsOf(rows));
  count();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function count() {
  const words = isText ? (split(field.value) ?? []) : null;
  const total = words ? rowsOf(words).length : rows.length;
  counter.textContent = total ? String(total) : "";
}

function draw() {
  list.replaceChildren(...rows.map(drawRow));
  if (!rows.length) {
    const none = document.createElement("p");
    none.className = "small soft";
    none.textContent = list.dataset.none;
    list.append(none);
  }
  count();
}

function drawRow(row) {
  const item = /** @type {HTMLElement} */ (model().cloneNode(true));
  const name = item.querySelector("input");
  const value = valueField(item, row.value ?? "");
  name.value = row.name;
  mark(item, row);
  name.addEventListener("input", () => {
    row.name = name.value.trim();
    write();
    mark(item, row);
  });
  value.addEventListener("input", () => {
    // Without a value it is a flag. An empty text as a value can be edited as text.
    row.value = value.value === "" ? null : value.value;
    write();
    mark(item, row);
  });
  item.querySelector("[data-remove-row]").addEventListener("click", () => {
    rows = rows.filter((each) => each !== row);
    write();
    draw();
  });
  const sweep = item.querySelector("[data-sweep-row]");
  sweep.hidden = !row.name.startsWith("-");
  sweep.addEventListener("click", () => onSweep(row.name));
  return item;
}

// An input would drop line breaks.
function valueField(item, text) {
  const input = item.querySelector(".pair-value");
  if (!text.includes("\n")) {
    input.value = text;
    return input;
  }
  const field = document.createElement("textarea");
  field.className = input.className;
  field.setAttribute("aria-label", input.getAttribute("aria-label"));
  field.rows = 2;
  field.spellcheck = false;
  field.value = text;
  input.replaceWith(field);
  return field;
}

// What differs from the run that everything was copied from.
function mark(item, row) {
  const was = item.querySelector(".was");
  const known = before?.has(row.name);
  const isChanged =
    before && row.name && (!known || (before.get(row.name) ?? "") !== (row.value ?? ""));
  was.hidden = !isChanged || row.name === "--";
  if (was.hidden) return;
  was.textContent = known
    ? list.dataset.was.replace("%s", () => before.get(row.name) || "–")
    : list.dataset.new;
}
