// What the pages gain from a script: menus that close, dialogs, toasts, copying, keys.
// Everything here has a plain link or form below it.
document.documentElement.classList.add("scripted");

const TOAST_MS = 10_000;

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  if (event.target.closest(".toast .close")) event.target.closest(".toast").remove();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});

async function copy(button) {
  const source = button.dataset.copy;
  const text = source.startsWith("#") ? document.querySelector(source).textContent : source;
  await navigator.clipboard.writeText(text);
  toast({ text: button.dataset.copied });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open]");
    closeMenus(null);
    open?.querySelector("summary").focus();
    const nav = document.getElementById("nav-open");
    if (nav?.checked && innerWidth < 1280) nav.checked = false;
    return;
  }
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const box = document.querySelector("[data-key='/']");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  }
  if (event.key === "j" || event.key === "k") moveRow(event.key === "j" ? 1 : -1);
});

function moveRow(step) {
  const links = [...document.querySelectorAll("[data-row-link]")];
  const now = links.indexOf(document.activeElement);
  links[Math.min(Math.max(now + step, 0), links.length - 1)]?.focus();
}

// Toasts: from the page itself, or from an answer's HX-Trigger {"toast": {text, undo?}}.
function toast({ text }) {
  const shelf = document.getElementById("toasts");
  const model = document.getElementById("toast-model");
  if (!shelf || !model || !text) return;
  const item = model.content.cloneNode(true).firstElementChild;
  item.querySelector("[data-text]").textContent = text;
  shelf.append(item);
  expire(item);
}
function expire(item) {
  setTimeout(() => item.remove(), TOAST_MS);
}
document.body.addEventListener("toast", (event) => toast(event.detail));
document.querySelectorAll("#toasts .toast:not(.stays)").forEach(expire);

// The wide layout's navigation remembers that it was folded.
const nav = document.getElementById("nav-open");
if (nav) {
  nav.checked = false;
  nav.addEventListener("change", () => {
    if (innerWidth < 1280) return;
    const root = document.documentElement;
    const folded = (root.dataset.nav === "folded") !== nav.checked;
    document.cookie = `nav=${folded ? "folded" : "open"};path=/;max-age=31536000;samesite=lax`;
  });
}

// Forms that act at once: a toggle or a select that has no button of its own.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// Whoever comes back from a form comes back to what the address says now.
document.addEventListener("submit", (event) => {
  const next = event.target.querySelector("input[name=next]");
  if (next) next.value = location.pathname + location.search;
});

// A refused htmx request says so; a fragment of an error page is never swapped in.
document.body.addEventListener("htmx:responseError", (event) => {
  const answer = event.detail.xhr;
  if (answer.status === 401) location.reload();
  else toast({ text: document.body.dataset.failed });
});
document.body.addEventListener("htmx:sendError", () => toast({ text: document.body.dataset.offline }));
