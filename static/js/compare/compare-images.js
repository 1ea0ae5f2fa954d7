// The slider of the pictures of compared runs: each shows the chosen step, or its last one
// before that. The address keeps the step, and what the server makes for it follows.
import { show } from "../run_list/list-address.js";

const WAIT = 200;
const slider = () => document.getElementById("image-step");
const steps = () => slider().dataset.steps.split(",");
// The step that was chosen and not yet asked for.
let chosen, timer;

function draw() {
  const step = Number(steps()[slider().value]);
  document.getElementById("image-step-now").textContent = String(step);
  slider().setAttribute("aria-valuetext", step);
  for (const figure of document.querySelectorAll("#images figure")) drawOne(figure, step);
}

function drawOne(figure, step) {
  const [at, src] = JSON.parse(figure.dataset.steps).findLast(([one]) => one <= step) ?? [null, ""];
  const picture = figure.querySelector("img");
  picture.hidden = !src;
  if (src && picture.getAttribute("src") !== src) picture.src = src;
  const { none, of } = document.getElementById("images").dataset;
  figure.querySelector("[data-at]").textContent =
    at === null ? none : at === step ? "" : of.replace("%s", at);
}

document.addEventListener("input", (event) => {
  if (event.target === slider()) draw();
});
document.addEventListener("change", (event) => {
  if (event.target !== slider()) return;
  chosen = steps()[slider().value];
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
});
function ask() {
  const url = new URL(location.href);
  url.searchParams.set("step", chosen);
  chosen = undefined;
  show(url.search, { part: "compare", replace: true });
}
// An answer that came in between is of the step before.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "compare" || !chosen || !slider()) return;
  const at = steps().indexOf(chosen);
  if (at < 0) return;
  slider().value = at;
  draw();
});
