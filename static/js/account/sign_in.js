// Shows what was typed as a password, and hides it again.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const words = [button.textContent, button.dataset.hide];
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.textContent = words[Number(shown)];
    button.setAttribute("aria-pressed", String(shown));
    field.focus();
  });
}
