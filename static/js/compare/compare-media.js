// The step slider for media of compared runs. While it moves, only the grid is requested. Then
// the address has the step, and the server sends the page with links of this step.
import { grouped } from "../media/grouped-step.js";
import { keepFigures } from "../previews/kept-figures.js";
import { show } from "../run_list/list-address.js";

const DRAG_PAUSE_MS = 120;
const PAUSE_MS = 200;
const slider = () => /** @type {HTMLInputElement | null} */ (document.getElementById("media-step"));
const steps = () => (slider()?.dataset.steps ?? "").split(",");
/** The step that was chosen but not yet requested. @type {string | undefined} */
let chosen;
let timer = 0;
let dragTimer = 0;
/** The number of the newest request: answers of older ones are not shown. */
let newest = 0;

/** @param {HTMLInputElement} input */
function showStepOf(input) {
  const step = steps()[Number(input.value)];
  const now = document.getElementById("media-step-now");
  if (now) now.textContent = grouped(step);
  input.setAttribute("aria-valuetext", grouped(step));
  clearTimeout(dragTimer);
  dragTimer = setTimeout(() => showGrid(step), DRAG_PAUSE_MS);
}

/** @param {string} step */
async function showGrid(step) {
  const number = ++newest;
  const url = new URL(location.href);
  url.pathname = slider()?.dataset.grid ?? url.pathname;
  url.searchParams.set("step", step);
  const response = await fetch(url, {
    headers: { "HX-Request": "true" },
    credentials: "same-origin",
  }).catch(() => null);
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const [old, now] = [document, fresh].map((each) => each.getElementById("media-grid"));
  if (number !== newest || !old || !now) return;
  now.scrollLeft = old.scrollLeft;
  document.adoptNode(now);
  keepFigures(old, now);
  old.replaceWith(now);
  document.dispatchEvent(new CustomEvent("media:shown"));
}

document.addEventListener("input", (event) => {
  const input = slider();
  if (input && event.target === input) showStepOf(input);
});
document.addEventListener("change", (event) => {
  const input = slider();
  if (!input || event.target !== input) return;
  chosen = steps()[Number(input.value)];
  clearTimeout(timer);
  timer = setTimeout(showStep, PAUSE_MS);
});
function showStep() {
  const url = new URL(location.href);
  url.searchParams.set("step", chosen ?? "");
  chosen = undefined;
  clearTimeout(dragTimer);
  newest++;
  show(url.search, { part: "compare", replace: true });
}
// A response that arrives during the pause shows the previous step: show the chosen one.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const input = slider();
  const target = /** @type {Element} */ (event.target);
  if (target.id !== "compare" || !chosen || !input) return;
  const at = steps().indexOf(chosen);
  if (at < 0) return;
  input.value = String(at);
  showStepOf(input);
});
