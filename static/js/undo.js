// Undo without a reload: by a toast, the history or `z`; the page then asks what changed.

document.addEventListener("submit", async (event) => {
  if (event.target.id !== "undo-form") return;
  event.preventDefault();
  const form = event.target;
  const address = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  event.submitter?.closest(".toast")?.remove();
  event.submitter?.blur();
  await htmx.ajax("POST", address, { source: form, target: "body", swap: "none", values: { next: location.pathname + location.search } });
  document.dispatchEvent(new CustomEvent("run:look"));
});

// Where something was changed since, the answer is a dialog that asks.
document.body.addEventListener("htmx:afterSwap", () => {
  const dialog = document.getElementById("undo-dialog");
  if (dialog?.firstElementChild && !dialog.open) dialog.showModal();
});
