// Scripts of every page: menus that close, dialogs, toasts, copying, tabs. Without
// scripts, plain links and forms do the same.
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
  copyText(
    source.startsWith("#") ? document.querySelector(source).textContent : source,
    copier.dataset.copied,
  );
});

// Copy the page that a link leads to instead of opening it.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-copy-from]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const response = await fetchPage(link.href, { headers: {} });
  if (!response) return;
  await copyText(response.html, link.dataset.copied);
  closeMenus(null);
  link.closest("details")?.querySelector("summary").focus();
});

export async function copyText(text, message) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers have this clipboard only with HTTPS; without it, use the older API.
    const onCopy = (event) => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    };
    document.addEventListener("copy", onCopy, { once: true });
    if (!document.execCommand("copy")) message = document.body.dataset.uncopied;
    document.removeEventListener("copy", onCopy);
  }
  toast({ text: message });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  closeMenus(null);
  open?.querySelector("summary").focus();
  const nav = document.getElementById("nav-open");
  if (nav?.checked && innerWidth < 1280) nav.checked = false;
});

// Toasts: from the page itself, or from a response's HX-Trigger {"toast": {text, undo?}}.
/** @param {{ text: string, undo?: string, label?: string, link?: string }} message */
export function toast({ text, undo, label, link }) {
  const shelf = document.getElementById("toasts");
  const model = document.getElementById("toast-model");
  if (!shelf || !model || !text) return;
  for (const old of [...shelf.children])
    if (!undo && old.querySelector("[data-text]")?.textContent === text) old.remove();
  const item = model.content.cloneNode(true).firstElementChild;
  item.querySelector("[data-text]").textContent = text;
  if (link) offerLink(item, link, label);
  else offerUndo(item, undo, label);
  shelf.append(item);
  removeLater(item);
}
function offerLink(item, address, label) {
  item.querySelector("kbd").remove();
  const link = document.createElement("a");
  link.className = "undo";
  link.href = address;
  link.textContent = label;
  item.querySelector(".undo").replaceWith(link);
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
function removeLater(item) {
  setTimeout(() => item.remove(), TOAST_MS);
}
document.body.addEventListener("toast", (event) => toast(event.detail));
document.querySelectorAll("#toasts .toast:not(.stays)").forEach(removeLater);

// Undo without a reload, from a toast, the history or with `z`. The page then refreshes.
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
  document.dispatchEvent(new CustomEvent("page:refresh"));
});
// Open a dialog that a response brings. After it is closed, no refresh opens it again.
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (!(target instanceof HTMLDialogElement) || target.open) return;
  // htmx does this a moment later, and would miss what is typed at once.
  htmx.process(target);
  target.showModal();
});

// Remember whether the navigation is folded on wide screens.
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

// Times are shown in this zone to who has chosen none.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone};path=/;max-age=31536000;samesite=lax`;
}

// Submit immediately: a switch or a select without a button.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// Going back from a form leads to the current address.
document.addEventListener("submit", (event) => {
  const next = event.target.querySelector("input[name=next]");
  if (next) next.value = location.pathname + location.search;
});

// Show only the response to the latest request for a part of the page. Responses can
// arrive in another order than their requests.
const latestRequests = new Map();
const requestNumbers = new WeakMap();
let lastNumber = 0;
// htmx delays a form's second request until the first is done. It counts from its click.
document.body.addEventListener("htmx:confirm", ({ detail: { triggeringEvent: event } }) => {
  if (event && !requestNumbers.has(event)) requestNumbers.set(event, ++lastNumber);
});
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  if (!target.id) return;
  const number = requestNumbers.get(requestConfig.triggeringEvent) ?? ++lastNumber;
  if (latestRequests.get(target.id)?.number > number) {
    event.preventDefault();
    return event.stopImmediatePropagation();
  }
  latestRequests.set(target.id, { xhr, number });
  target.addEventListener("htmx:beforeSwap", ignoreOlderResponse);
});
function ignoreOlderResponse(event) {
  if (latestRequests.get(event.target.id).xhr === event.detail.xhr) return;
  event.preventDefault();
  event.stopPropagation();
}
// Wait until no request is running for the part with this id.
export async function requestsSettled(id) {
  const { xhr } = latestRequests.get(id) ?? {};
  if (!xhr || xhr.readyState === 4) return;
  await new Promise((resolve) => xhr.addEventListener("loadend", resolve));
  await requestsSettled(id);
}

// Tell screen readers that a part waits for the server; others see a progress bar.
document.body.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => {
  target?.setAttribute("aria-busy", "true");
});
document.body.addEventListener("htmx:afterRequest", ({ detail: { target } }) => {
  target?.removeAttribute("aria-busy");
});

// Report requests that are refused or fail. A fragment of an error page is never shown.
export function reportRefusal({ status }) {
  if (status === 401) location.reload();
  else toast({ text: document.body.dataset.failed });
}
export const showOffline = () => toast({ text: document.body.dataset.offline });
document.body.addEventListener("htmx:responseError", (event) => reportRefusal(event.detail.xhr));
document.body.addEventListener("htmx:sendError", showOffline);

// Fetch a page or fragment for the reader. The response has its text as `html`; a form with
// errors (422) counts as a response. Other failures are reported, and the result is null.
export async function fetchPage(address, more) {
  try {
    const response = await fetch(address, {
      headers: { "HX-Request": "true" },
      cache: "no-store",
      ...more,
    });
    response.html = await response.text();
    if (response.ok || response.status === 422) return response;
    reportRefusal(response);
  } catch (error) {
    if (error.name !== "AbortError") showOffline();
  }
  return null;
}

/**
 * The fields of a form as a query.
 * @param {HTMLFormElement} form
 * @param {HTMLElement} [submitter]
 */
export function formQuery(form, submitter) {
  return new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
}
