// The slider of the pictures of compared runs: each shows the chosen step, or its last one
// before that. The address keeps the step.

document.addEventListener("input", (event) => {
  const slider = event.target;
  if (slider.id !== "image-step") return;
  const step = Number(slider.dataset.steps.split(",")[slider.value]);
  document.getElementById("image-step-now").textContent = step;
  for (const figure of document.querySelectorAll("#images figure")) show(figure, step);
});

function show(figure, step) {
  const steps = JSON.parse(figure.dataset.steps);
  const [at, src] = steps.findLast(([one]) => one <= step) ?? [null, ""];
  const picture = figure.querySelector("img");
  picture.hidden = !src;
  if (src && picture.getAttribute("src") !== src) picture.src = src;
  figure.querySelector("[data-at]").textContent = at === step || at === null ? "" : at;
}

document.addEventListener("change", (event) => {
  const slider = event.target;
  if (slider.id !== "image-step") return;
  const url = new URL(location.href);
  url.searchParams.set("step", slider.dataset.steps.split(",")[slider.value]);
  history.replaceState(history.state, "", url);
});
