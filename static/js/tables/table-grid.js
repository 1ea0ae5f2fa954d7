// The grid of a table: a range that is drawn on a histogram becomes a filter, and columns
// are found by name in the menu. Everything else are links and forms.

import { brushedDates, brushedRange } from "./brushed-range.js";

const SVG = "http://www.w3.org/2000/svg";
//: A shorter movement is a click, in pixels.
const MIN_DRAG = 4;

/** @param {Element} histogram @returns {string | undefined} */
const columnOf = (histogram) =>
  /** @type {HTMLElement | null} */ (histogram.closest("[data-column]"))?.dataset.column;

/**
 * Sends the grid's form with a range of a column.
 * @param {Element} histogram @param {[string, string]} range
 */
function filterBy(histogram, range) {
  const grid = histogram.closest("[data-table-grid]");
  const form = /** @type {HTMLFormElement | null} */ (grid?.querySelector(".grid-find"));
  const column = columnOf(histogram);
  if (!form || column === undefined) return;
  const prefix = grid?.id.replace(/table-grid$/, "") ?? "";
  for (const [kind, value] of Object.entries({ min: range[0], max: range[1] })) {
    const name = `${prefix}${kind}.${column}`;
    const old = [...form.querySelectorAll("input[data-state]")].find(
      (input) => /** @type {HTMLInputElement} */ (input).name === name,
    );
    old?.remove();
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  form.requestSubmit();
}

document.addEventListener("pointerdown", (event) => {
  const target = /** @type {Element} */ (event.target);
  const histogram = /** @type {SVGSVGElement | null} */ (target.closest?.(".histogram"));
  if (!histogram?.closest("[data-table-grid]") || event.button) return;
  event.preventDefault();
  const box = histogram.getBoundingClientRect();
  const partAt = (/** @type {number} */ x) => (x - box.left) / box.width;
  const part = (/** @type {number} */ x) => Math.min(1, Math.max(0, partAt(x)));
  const from = part(event.clientX);
  const width = histogram.viewBox.baseVal.width;
  const brush = document.createElementNS(SVG, "rect");
  brush.setAttribute("class", "brush");
  brush.setAttribute("y", "0");
  brush.setAttribute("height", "100%");
  const draw = (/** @type {number} */ to) => {
    brush.setAttribute("x", String(Math.min(from, to) * width));
    brush.setAttribute("width", String(Math.abs(to - from) * width));
  };
  draw(from);
  histogram.append(brush);
  histogram.setPointerCapture(event.pointerId);
  const move = (/** @type {PointerEvent} */ moved) => draw(part(moved.clientX));
  const end = (/** @type {PointerEvent} */ ended) => {
    histogram.removeEventListener("pointermove", move);
    histogram.removeEventListener("pointerup", end);
    histogram.removeEventListener("pointercancel", end);
    brush.remove();
    const moved = Math.abs(ended.clientX - event.clientX);
    if (ended.type !== "pointerup" || moved < MIN_DRAG) return;
    const { low, high } = histogram.dataset;
    const brushed = histogram.dataset.dates === undefined ? brushedRange : brushedDates;
    filterBy(histogram, brushed(Number(low), Number(high), from, part(ended.clientX)));
  };
  histogram.addEventListener("pointermove", move);
  histogram.addEventListener("pointerup", end);
  histogram.addEventListener("pointercancel", end);
});

document.addEventListener("input", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  if (!field.matches?.("[data-find-column]")) return;
  const text = field.value.trim().toLowerCase();
  for (const label of field.closest("form")?.querySelectorAll(".menu-item") ?? []) {
    const name = label.textContent?.trim().toLowerCase() ?? "";
    /** @type {HTMLElement} */ (label).hidden = !name.includes(text);
  }
});
document.documentElement.classList.add("can-brush");
