// The head of an experiment's list is shown again after an undo, unless it is being edited.

const head = () => document.getElementById("experiment-head");
const isEdited = () => head()?.querySelector("[data-editing]");

document.addEventListener("page:refresh", ({ detail }) => {
  // A closed editor has shown the head again itself.
  if (!head() || isEdited() || detail === "restored") return;
  htmx.ajax("GET", head().dataset.url, { target: head(), swap: "outerHTML" }).catch(() => {});
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  // An editor can have opened since the request.
  if (event.detail.target === head() && isEdited()) event.detail.shouldSwap = false;
});
