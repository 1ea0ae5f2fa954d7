// Links that ask for "only this": with Alt (Alt+click, Alt+Enter) they ask for "not this".

document.addEventListener(
  "click",
  (event) => {
    // Enter on a link clicks it, with the keys that are held.
    const link = event.altKey && event.target.closest("[data-but]");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    // As the link's own request would be: it enters the history.
    htmx.ajax("GET", link.dataset.but, { source: link, target: "#run-table", swap: "outerHTML" });
  },
  true,
);

// Only with this script is there a second meaning to tell of.
const hint = document.querySelector("[data-but-hint]").dataset.butHint;
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const link = event.target.closest?.("[data-but]:not([title])");
    if (link) link.title = `${link.textContent}\n${hint}`;
  });
}
