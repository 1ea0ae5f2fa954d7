// A pill opens its editor below it, Add filter the list of fields. Both are pages of
// their own, whose fragment is shown here; the form itself swaps the list of runs or the
// activity.

import { fetchPage, formQuery, requestsSettled } from "../site/app.js";

const editor = document.getElementById("pill-editor");
const TYPING_PAUSE_MS = 150;
/** What has the focus first. */
const FOCUS_ORDER = ["#editor-find", "#editor-value-1", "#editor-text", "#editor-yes", "select"];
let opener = "";
let pending, timer;

const pill = () => (opener ? document.getElementById(opener) : null);

async function show(address, focus) {
  pending?.abort();
  pending = new AbortController();
  const { signal } = pending;
  const html = (await fetchPage(address, { signal }))?.html;
  if (!html || signal.aborted) return;
  const at = editor.querySelector("#editor-find")?.selectionStart;
  editor.innerHTML = html;
  htmx.process(editor);
  editor.hidden = false;
  positionEditor();
  const wanted = focus ? [`#${focus}`, ...FOCUS_ORDER] : FOCUS_ORDER;
  const first = wanted.map((each) => editor.querySelector(each)).find(Boolean);
  first?.focus({ preventScroll: true });
  if (focus === "editor-find" && first) first.setSelectionRange(at ?? -1, at ?? -1);
}

function positionEditor() {
  const from = pill();
  if (from) {
    markOpen(from);
    const box = (from.closest(".pill") ?? from).getBoundingClientRect();
    const parent = editor.offsetParent?.getBoundingClientRect() ?? { left: 0, top: 0 };
    const room = document.documentElement.clientWidth - editor.offsetWidth - 12;
    editor.style.left = `${Math.max(Math.min(box.left, room), 12) - parent.left}px`;
    editor.style.top = `${box.bottom + 4 - parent.top}px`;
  }
}

function markOpen(from) {
  for (const each of document.querySelectorAll(".pill.open")) each.classList.remove("open");
  from?.closest(".pill")?.classList.add("open");
  for (const each of document.querySelectorAll("[data-editor][aria-expanded]"))
    each.removeAttribute("aria-expanded");
  if (from?.matches("[data-editor]")) from.setAttribute("aria-expanded", "true");
}

function close() {
  pending?.abort();
  clearTimeout(timer);
  if (editor.hidden) return;
  editor.hidden = true;
  editor.replaceChildren();
  markOpen(null);
}

function closeToPill() {
  const from = pill();
  close();
  (from ?? document.getElementById("add-filter"))?.focus();
}

/** The list's links lead to the list as it is; a request on its way changes them. */
async function showWhenSettled(link) {
  await Promise.all(["run-table", "activity"].map(requestsSettled));
  const current = link.isConnected ? link : (document.getElementById(link.id) ?? link);
  show(current.href);
}

/** The editor's own address with what its form says now. */
function editorAddress() {
  const form = editor.querySelector("form");
  return `${form.getAttribute("action")}?${formQuery(form)}`;
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("[data-editor]");
  if (link) {
    event.preventDefault();
    if (!editor.contains(link)) {
      const same = !editor.hidden && opener === link.id;
      if (same) return closeToPill();
      // A menu closes, and its head stands for the link.
      const menu = link.closest("details.menu");
      if (menu) menu.open = false;
      opener = (menu?.querySelector("summary") ?? link).id;
      return showWhenSettled(link);
    }
    show(link.href);
  } else if (event.target.closest("[data-close-editor]")) {
    event.preventDefault();
    closeToPill();
  } else if (!editor.hidden && event.target.isConnected && !editor.contains(event.target)) close();
});

editor.addEventListener("change", (event) => {
  if (event.target.matches("[data-again]")) show(editorAddress(), event.target.id);
});
editor.addEventListener("input", (event) => {
  if (!event.target.matches("[data-find]")) return;
  // The reply to what was typed before would take the letters since then away.
  pending?.abort();
  clearTimeout(timer);
  timer = setTimeout(() => show(editorAddress(), event.target.id), TYPING_PAUSE_MS);
});
editor.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    closeToPill();
  } else if (event.key === "Enter" && event.target.matches("[data-find]")) {
    event.preventDefault();
    clearTimeout(timer);
    const first = editor.querySelector(".field-list a");
    if (first) first.click();
    else show(editorAddress(), event.target.id);
  } else if (
    ["ArrowDown", "ArrowUp"].includes(event.key) &&
    !event.target.matches("select, textarea, [type=radio], [type=date]")
  ) {
    const all = [...editor.querySelectorAll("[data-find], .choices input, .field-list a")];
    const next =
      all[
        all.indexOf(/** @type {Element} */ (event.target)) + (event.key === "ArrowDown" ? 1 : -1)
      ];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
});

// The list was swapped: by the editor, which is done, or by news, which leave it open.
let isOwnRequest = false;
document.body.addEventListener("htmx:beforeRequest", (event) => {
  isOwnRequest = editor.contains(event.target);
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (!["run-table", "activity"].includes(event.target.id)) return;
  if (isOwnRequest) {
    isOwnRequest = false;
    closeToPill();
  } else if (!editor.hidden) positionEditor();
});
addEventListener("resize", () => editor.hidden || positionEditor());
