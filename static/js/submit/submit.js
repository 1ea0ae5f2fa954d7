// The form of a new run: rows instead of text, uploads at once, and what would be
// submitted, as the server reads the form. Without this script the form itself does it all.

import { isPressed } from "../run/run-parts.js";
import { fetchPage } from "../site/app.js";
import { argumentNames, giveArgument, startRows, takeArgument } from "./argument-rows.js";
import { makeChips, quoteValue, splitValues, unquoted } from "./chips.js";
import { startUploads } from "./upload.js";

const PREVIEW_DELAY_MS = 300;
const form = /** @type {HTMLFormElement} */ (document.getElementById("submit-form"));
const PARTS = [
  "submit-summary",
  "same-command",
  "sweep-total",
  "first-name",
  "target-note",
  "script-was",
];

for (const row of form.querySelectorAll(".unscripted-row")) row.remove();
makeChipFields(form);

/** @param {HTMLElement} part */
function makeChipFields(part) {
  for (const field of part.querySelectorAll("[data-chips]")) {
    makeChips(/** @type {HTMLInputElement} */ (field));
  }
}

// What would be submitted.
let timer;
let latest = 0;
function schedulePreview() {
  clearTimeout(timer);
  timer = setTimeout(preview, PREVIEW_DELAY_MS);
}
async function preview() {
  latest += 1;
  const number = latest;
  const body = new FormData(form);
  body.delete("archive");
  body.set("preview", "1");
  const response = await fetchPage(form.dataset.preview, { method: "POST", body });
  if (!response || number !== latest) return;
  const fresh = new DOMParser().parseFromString(response.html, "text/html");
  for (const id of PARTS) replace(document.getElementById(id), fresh.getElementById(id));
  const name = /** @type {HTMLInputElement} */ (document.getElementById("name"));
  name.placeholder = fresh.getElementById("default-name").textContent || name.placeholder;
}
function replace(old, part) {
  if (!old || !part || old.isEqualNode(part)) return;
  // A click needs the same button under it from the press to the release.
  if (isPressed(old)) return schedulePreview();
  const focus = old.contains(document.activeElement) && document.activeElement.id;
  old.replaceWith(document.adoptNode(part));
  if (focus) document.getElementById(focus)?.focus();
}
form.addEventListener("input", schedulePreview);
form.addEventListener("change", schedulePreview);

// Enter in a field is no wish to start runs.
form.addEventListener("keydown", (event) => {
  const isField = event.target.matches("input:not([type=checkbox], [type=radio], [type=file])");
  if (event.key === "Enter" && isField) event.preventDefault();
});
// A second click would submit a second run.
const button = () => /** @type {HTMLButtonElement} */ (document.getElementById("submit-button"));
form.addEventListener("submit", () => {
  // After the form was sent, because a disabled button would not send it.
  setTimeout(() => {
    button().disabled = true;
  });
});
addEventListener("pageshow", () => {
  button().disabled = false;
});

// Rows of variables and of swept arguments.
const rowsOf = (id) => document.getElementById(id);
/** @returns {NodeListOf<HTMLInputElement>} */
const inputsOf = (row) => row.querySelectorAll("[name]");
function addRow(listId, modelId, fill = (_row) => {}) {
  const model = /** @type {HTMLTemplateElement} */ (document.getElementById(modelId));
  const row = /** @type {HTMLElement} */ (model.content.firstElementChild.cloneNode(true));
  fill(row);
  rowsOf(listId).append(row);
  makeChipFields(row);
  return row;
}
document.getElementById("add-variable").addEventListener("click", () => {
  addRow("variable-rows", "variable-model").querySelector("input").focus();
});
form.addEventListener("click", (event) => {
  const row = event.target.closest("[data-remove-row]")?.closest(".pair-row");
  if (!row || row.matches(".argument-row")) return;
  if (row.matches(".sweep-row")) returnArgument(row);
  row.remove();
  showSweep();
  schedulePreview();
});

// Sweeping takes an argument out of the list, with its value as the first one to try.
function sweep(name) {
  const value = takeArgument(name);
  nameBySwept(name, value);
  const row = addRow("sweep-rows", "sweep-model", (fresh) => {
    const [named, values] = inputsOf(fresh);
    named.value = name;
    values.value = value === "" ? "" : quoteValue(value);
  });
  showSweep();
  schedulePreview();
  row.querySelector(".chip-input").focus();
}
// The runs of a sweep need different names.
function nameBySwept(argument, value) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById("name"));
  const plain = argument.replace(/^-+/, "");
  const [given, pattern] = [`${plain}=${value}`, `${plain}={${plain}}`];
  if (!field.value || field.value.includes(pattern)) return;
  field.value = field.value.split(" ").includes(given)
    ? field.value
        .split(" ")
        .map((word) => (word === given ? pattern : word))
        .join(" ")
    : `${field.value} ${pattern}`;
}
function returnArgument(row) {
  const [named, values] = inputsOf(row);
  const [written] = splitValues(values.value);
  const first = written === undefined ? "" : unquoted(written);
  if (named.value && first && !argumentNames().includes(named.value)) {
    giveArgument(named.value, first);
  }
  const name = /** @type {HTMLInputElement} */ (document.getElementById("name"));
  name.value = name.value.replace(`{${named.value.replace(/^-+/, "")}}`, () => first);
}
document.getElementById("add-swept").addEventListener("click", () => {
  addRow("sweep-rows", "sweep-model").querySelector("input").focus();
  showSweep();
});
function showSweep() {
  const isOn = Boolean(rowsOf("sweep-rows").children.length);
  document.getElementById("no-sweep").hidden = isOn;
  document.getElementById("sweep-card").classList.toggle("is-off", !isOn);
  noteSwept();
  countValues();
}

// How many values each swept argument has, where they can be counted.
function countValues() {
  const list = rowsOf("sweep-rows");
  for (const row of list.children) {
    // As they are written: a range in quotes is a value.
    const values = splitValues(inputsOf(row)[1].value);
    const whole = /^(-?\d+)\.\.(-?\d+)$/.exec(values.length === 1 ? values[0] : "");
    const count = whole ? Number(whole[2]) - Number(whole[1]) + 1 : values.length;
    const isCounted = count > 0 && !values.some((value) => /\.\.|\(/.test(value) && !whole);
    const text = count === 1 ? list.dataset.one : list.dataset.many;
    row.querySelector(".value-count").textContent = isCounted
      ? text.replace("%s", String(count))
      : "";
  }
}
form.addEventListener("input", countValues);

// The arguments that are missing from their list.
function noteSwept() {
  const note = document.getElementById("swept-note");
  const names = [...rowsOf("sweep-rows").querySelectorAll("[name=swept]")]
    .map((field) => /** @type {HTMLInputElement} */ (field).value)
    .filter(Boolean);
  note.hidden = !names.length;
  const text = names.length > 1 ? note.dataset.many : note.dataset.one;
  note.querySelector("span").textContent = text.replace("%s", () => names.join(", "));
}

startRows(sweep);
startUploads((found, label) => {
  const source = /** @type {HTMLSelectElement} */ (document.getElementById("source"));
  source.append(new Option(`${label} · ${found.digest.slice(0, 7)}`, found.digest, true, true));
  document.getElementById("source-summary").textContent = found.summary;
  document.querySelector(".git-facts")?.remove();
  document.getElementById("source-href")?.remove();
  const options = found.scripts.map((path) => new Option(path, path));
  document.getElementById("scripts").replaceChildren(...options);
  const script = document.getElementById("script");
  if (!found.scripts.includes(script.value)) script.value = found.scripts[0] ?? "";
  schedulePreview();
});

// Another snapshot has other scripts.
document.getElementById("source").addEventListener("change", async () => {
  const url = new URL(form.dataset.preview, location.href);
  const body = new FormData(form);
  body.delete("archive");
  body.set("sources", "1");
  const response = await fetchPage(url.href, { method: "POST", body });
  if (!response) return;
  const fresh = new DOMParser().parseFromString(response.html, "text/html");
  for (const id of ["scripts", "source-facts"]) {
    replace(document.getElementById(id), fresh.getElementById(id));
  }
});
showSweep();
