// Editors in the rows of the run list: `e` or the pencil renames a run, `t` or the plus adds
// a tag, if the page has the words for it. The form is in the cell. After Save, a refresh of
// the list shows the change.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const rowOf = (node) => node.closest?.("tr[data-row]");
const link = (row) => row?.querySelector("[data-row-link]");
// The name of an experiment can link to another page than its own.
const pathOf = (row) => link(row).dataset.rowPath ?? link(row).getAttribute("href");
const editor = () => document.getElementById("row-editor");
const words = () => document.getElementById("row-words")?.dataset;

async function open(row, what) {
  close();
  const cell = (what === "tags" && row.querySelector("td.tags")) || row.querySelector("td.name");
  await htmx
    .ajax("GET", `${pathOf(row)}row/${what}/`, {
      target: cell,
      swap: "beforeend settle:0ms",
    })
    .catch(() => {});
  const field = editor()?.querySelector("[data-focus]");
  field?.focus();
  field?.select();
}

function close() {
  const row = editor() && rowOf(editor());
  editor()?.remove();
  link(row)?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const pencil = event.target.closest("[data-row-edit]");
  if (pencil && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(rowOf(pencil), pencil.dataset.rowEdit);
  }
  if (event.target.closest("[data-row-cancel]")) close();
});

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && event.target.closest("#row-editor") && !event.isComposing)
      close();
    const what = { e: "name", t: "tags" }[event.key];
    const row = rowOf(event.target);
    if (
      !what ||
      !words() ||
      !row ||
      !link(row) ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.isComposing
    )
      return;
    if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    event.stopPropagation();
    open(row, what);
  },
  true,
);

// A refused form is shown again in the same place, and keeps the focus.
let row;
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "row-editor") row = rowOf(event.detail.elt);
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  // The form may be gone: the event then comes from what is left.
  if (event.detail.requestConfig.elt.id !== "row-editor") return;
  if (editor()) return editor().querySelector("[data-focus]").focus();
  link(row)?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("page:refresh"));
});

// Show the plus in the row under the pointer or with the focus. The run page always shows it.
const addTagButton = document.createElement("button");
addTagButton.type = "button";
addTagButton.className = "tool only tiny row-plus";
addTagButton.dataset.rowEdit = "tags";
addTagButton.textContent = "+";
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const cell = rowOf(event.target)?.querySelector("td.tags .chips");
    if (!cell || addTagButton.parentElement === cell || event.target === addTagButton) return;
    if (!words()) return;
    addTagButton.title = addTagButton.ariaLabel = words().addTag;
    cell.append(addTagButton);
  });
}
