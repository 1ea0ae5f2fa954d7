// Lines of a short text that the page has whole, such as source code: wrap, and marked lines
// in the address. The viewer of logs has its own.

const isPlain = () => !document.querySelector(".log");

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-wrap]")) return;
  localStorage.setItem("wrap", event.target.checked ? "1" : "");
  wrap();
});
function wrap() {
  const box = document.querySelector("[data-wrap]");
  if (!box) return;
  box.checked = localStorage.getItem("wrap") === "1";
  document.getElementById("lines")?.classList.toggle("wrapped", box.checked);
}
// Line numbers: a click puts the line into the address, with Shift a stretch of lines.
const RANGE = /^#L(\d+)(?:-L?(\d+))?$/;
document.addEventListener("click", (event) => {
  const line = event.target.closest(".line[id] > :first-child")?.parentElement;
  if (!line || !isPlain()) return;
  const start = event.shiftKey && RANGE.exec(location.hash)?.[1];
  const both = [Number(start || line.id.slice(1)), Number(line.id.slice(1))].sort((a, b) => a - b);
  history.replaceState(
    history.state,
    "",
    both[0] === both[1] ? `#L${both[0]}` : `#L${both[0]}-L${both[1]}`,
  );
  getSelection()?.removeAllRanges();
  markLines();
});
function markLines() {
  const range = RANGE.exec(location.hash);
  for (const line of document.querySelectorAll(".line.marked")) line.classList.remove("marked");
  if (!range) return null;
  for (let at = Number(range[1]); at <= Number(range[2] ?? range[1]); at++) {
    const line = document.getElementById(`L${at}`);
    if (!line) break;
    line.classList.add("marked");
  }
  return document.getElementById(`L${range[1]}`);
}
addEventListener("hashchange", () => isPlain() && markLines()?.scrollIntoView());

function prepareLines() {
  if (!isPlain()) return;
  wrap();
  return markLines();
}
document.body.addEventListener("htmx:afterSwap", prepareLines);
document.addEventListener("run:changed", prepareLines);
const first = prepareLines();
if (location.hash.includes("-L")) first?.scrollIntoView();
