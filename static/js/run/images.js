// The Images tab: arrow keys walk through the open image's neighbors, Escape closes it.
// Each is a link, so that the address says which image is open.

const typing = (target) => target.matches?.("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", async (event) => {
  if (
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    typing(event.target)
  )
    return;
  if (document.querySelector("dialog[open]")) return;
  const link = document.querySelector(`#image-view [data-step="${CSS.escape(event.key)}"]`);
  if (!link) return;
  event.preventDefault();
  await htmx
    .ajax("GET", link.href, { target: "#image-view", select: "#image-view", swap: "outerHTML" })
    .catch(() => {});
  if (link.isConnected) return;
  const put = event.key === "Escape" ? "pushState" : "replaceState";
  history[put](history.state, "", link.href);
});
