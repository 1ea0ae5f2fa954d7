// What the pages gain from a script: menus that close, dialogs, toasts, copying, tabs.
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
  if (!copier) return;
  const source = copier.dataset.copy;
  copy(
    source.startsWith("#") ? document.querySelector(source).textContent : source,
    copier.dataset.copied,
  );
});

// What a link leads to is copied instead of shown.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-copy-from]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await answerOf(link.href, { headers: {} });
  if (!answer) return;
  await copy(answer.html, link.dataset.copied);
  closeMenus(null);
  link.closest("details")?.querySelector("summary").focus();
});

async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS there is no such clipboard; the older way is.
    const put = (event) => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    };
    document.addEventListener("copy", put, { once: true });
    if (!document.execCommand("copy")) said = document.body.dataset.uncopied;
    document.removeEventListener("copy", put);
  }
  toast({ text: said });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  closeMenus(null);
  open?.querySelector("summary").focus();
  const nav = document.getElementById("nav-open");
  if (nav?.checked && innerWidth < 1280) nav.checked = false;
});

// Toasts: from the page itself, or from an answer's HX-Trigger {"toast": {text, undo?}}.
/** @param {{ text: string, undo?: string, label?: string }} message */
export function toast({ text, undo, label }) {
  const shelf = document.getElementById("toasts");
  const model = document.getElementById("toast-model");
  if (!shelf || !model || !text) return;
  for (const old of [...shelf.children])
    if (!undo && old.querySelector("[data-text]")?.textContent === text) old.remove();
  const item = model.content.cloneNode(true).firstElementChild;
  item.querySelector("[data-text]").textContent = text;
  offerUndo(item, undo, label);
  shelf.append(item);
  expire(item);
}
function offerUndo(item, address, label) {
  const button = item.querySelector(".undo");
  if (!address) {
    item.querySelector("kbd").remove();
    return button.remove();
  }
  button.formAction = address;
  if (label) button.textContent = label;
}
function expire(item) {
  setTimeout(() => item.remove(), TOAST_MS);
}
document.body.addEventListener("toast", (event) => toast(event.detail));
document.querySelectorAll("#toasts .toast:not(.stays)").forEach(expire);

// Undo without a reload: by a toast, the history or `z`; the page then asks what changed.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-undo]")) return;
  event.preventDefault();
  const address = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  event.submitter?.closest(".toast")?.remove();
  event.submitter?.blur();
  await htmx
    .ajax("POST", address, {
      source: form,
      target: "body",
      swap: "none",
      values: { next: location.pathname + location.search },
    })
    .catch(() => {});
  document.dispatchEvent(new CustomEvent("run:look"));
});
// An answer that is a dialog opens. Left, it stays shut whatever comes later.
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.matches("dialog:not([open])")) target.showModal();
});

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

// Going back from a form leads to the current address.
document.addEventListener("submit", (event) => {
  const next = event.target.querySelector("input[name=next]");
  if (next) next.value = location.pathname + location.search;
});

// Tabs whose panels are all in the page: without a script they stand one below the other.
document.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) choose(tab);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[role=tab]");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const all = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const next = all[(all.indexOf(tab) + step + all.length) % all.length];
  choose(next);
  next.focus();
});
function choose(tab) {
  for (const each of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const on = each === tab;
    each.setAttribute("aria-selected", on);
    each.tabIndex = on ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !on;
  }
}
function arrange() {
  for (const tab of document.querySelectorAll("[role=tab][aria-selected=true]")) choose(tab);
}
document.body.addEventListener("htmx:afterSwap", arrange);
arrange();

// Of answers for the same part of the page the one that was asked for last is shown,
// whichever comes first: the others are of a part that is gone, or would be.
const newest = new Map();
const turns = new WeakMap();
let turn = 0;
// A form's second request waits for its first one: its turn is that of the click.
document.body.addEventListener("htmx:confirm", ({ detail: { triggeringEvent: by } }) => {
  if (by && !turns.has(by)) turns.set(by, ++turn);
});
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  if (!target.id) return;
  const mine = turns.get(requestConfig.triggeringEvent) ?? ++turn;
  if (newest.get(target.id)?.turn > mine) {
    event.preventDefault();
    return event.stopImmediatePropagation();
  }
  newest.set(target.id, { xhr, turn: mine });
  target.addEventListener("htmx:beforeSwap", drop);
});
function drop(event) {
  if (newest.get(event.target.id).xhr === event.detail.xhr) return;
  event.preventDefault();
  event.stopPropagation();
}
// When nothing is under way for the part with that id.
export async function rest(id) {
  const { xhr } = newest.get(id) ?? {};
  if (!xhr || xhr.readyState === 4) return;
  await new Promise((resolve) => xhr.addEventListener("loadend", resolve));
  await rest(id);
}

// What waits for the server says so to those too who do not see the bar.
document.body.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => {
  target?.setAttribute("aria-busy", "true");
});
document.body.addEventListener("htmx:afterRequest", ({ detail: { target } }) => {
  target?.removeAttribute("aria-busy");
});

// What is refused, or not heard, says so; a fragment of an error page is never shown.
export function refused({ status }) {
  if (status === 401) location.reload();
  else toast({ text: document.body.dataset.failed });
}
export const unheard = () => toast({ text: document.body.dataset.offline });
document.body.addEventListener("htmx:responseError", (event) => refused(event.detail.xhr));
document.body.addEventListener("htmx:sendError", unheard);

// The answer to what the reader asked for, with its text, also one that names a mistake;
// null if there is none.
export async function answerOf(address, more) {
  try {
    const answer = await fetch(address, {
      headers: { "HX-Request": "true" },
      cache: "no-store",
      ...more,
    });
    answer.html = await answer.text();
    if (answer.ok || answer.status === 422) return answer;
    refused(answer);
  } catch (error) {
    if (error.name !== "AbortError") unheard();
  }
  return null;
}

/**
 * The fields of a form as a query.
 * @param {HTMLFormElement} form
 * @param {HTMLElement} [submitter]
 */
export function queryOf(form, submitter) {
  return new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
}
