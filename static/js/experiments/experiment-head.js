// The head of an experiment's list is shown again after an undo, unless it is being edited.

const head = () => document.getElementById("experiment-head");
const isEdited = () => head()?.querySelector("[data-editing]");

document.addEventListener("page:refresh", ({ detail }) => {
  // A closed editor has shown the head again itself.
  if (!head() || isEdited() || detail === "restored") return;
  // Without a delay, in which a key would follow its link as without a script.
  const swap = "outerHTML settle:0ms";
  htmx.ajax("GET", head().dataset.url, { target: head(), swap }).catch(() => {});
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  // An editor can have opened since the request.
  if (event.detail.target === head() && isEdited()) event.detail.shouldSwap = false;
});
