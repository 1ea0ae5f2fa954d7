// The step slider for images of compared runs. Each image shows the chosen step, or the last
// step before it. The address has the step, and the server then sends its images.
import { show } from "../run_list/list-address.js";

const PAUSE_MS = 200;
const slider = () => document.getElementById("image-step");
const steps = () => slider().dataset.steps.split(",");
// The step that was chosen but not yet requested.
let chosen, timer;

function showImages() {
  const step = Number(steps()[slider().value]);
  document.getElementById("image-step-now").textContent = String(step);
  slider().setAttribute("aria-valuetext", step);
  for (const figure of document.querySelectorAll("#images figure")) showImage(figure, step);
}

function showImage(figure, step) {
  const [at, src] = JSON.parse(figure.dataset.steps).findLast(([one]) => one <= step) ?? [null, ""];
  const picture = figure.querySelector("img");
  picture.hidden = !src;
  if (src && picture.getAttribute("src") !== src) picture.src = src;
  const { none, of } = document.getElementById("images").dataset;
  figure.querySelector("[data-at]").textContent =
    at === null ? none : at === step ? "" : of.replace("%s", at);
}

document.addEventListener("input", (event) => {
  if (event.target === slider()) showImages();
});
document.addEventListener("change", (event) => {
  if (event.target !== slider()) return;
  chosen = steps()[slider().value];
  clearTimeout(timer);
  timer = setTimeout(showStep, PAUSE_MS);
});
function showStep() {
  const url = new URL(location.href);
  url.searchParams.set("step", chosen);
  chosen = undefined;
  show(url.search, { part: "compare", replace: true });
}
// A response that arrives during the pause shows the previous step: show the chosen one.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "compare" || !chosen || !slider()) return;
  const at = steps().indexOf(chosen);
  if (at < 0) return;
  slider().value = at;
  showImages();
});
