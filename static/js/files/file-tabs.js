// Files of the run page as tabs, and the tree next to them. The address has all open files
// and folders, so each link is completed with what has been opened since it was rendered.

import { addressQuery, closeTab } from "./file-address.js";

const SHUT_KEY = "files-shut";
// A phone shows the file first. The list is opened by a button, for one choice.
const phone = matchMedia("(max-width: 767px)");

const root = () => document.getElementById("run-files");
const tree = () => document.getElementById("run-tree");

/** @returns {string[]} the open files, as the address names them */
const openFiles = () =>
  [...document.querySelectorAll("#file-view .view-tab[data-file]")].map(
    (tab) => /** @type {HTMLElement} */ (tab).dataset.file ?? "",
  );

const addressOf = (chosen, tabs) =>
  `${root().dataset.base}?${addressQuery(location.search, chosen, tabs)}`;

const chosenFile = () =>
  document.querySelector("#file-view .view-tab[data-chosen]")?.dataset.file ?? "";

document.body.addEventListener("htmx:configRequest", (event) => {
  const link = event.detail.elt;
  if (!link.closest("#run-files")) return;
  if (link.matches(".leaf[data-file]")) {
    event.detail.path = addressOf(link.dataset.file, openFiles());
  } else if (link.matches(".view-tab-name")) {
    event.detail.path = addressOf(link.closest(".view-tab").dataset.file, openFiles());
  } else if (link.matches(".view-tab-close")) {
    const { file } = link.closest(".view-tab").dataset;
    const { next, others } = closeTab(file, openFiles(), chosenFile());
    event.detail.path = addressOf(next, others);
  } else if (link.matches(".file-find")) searchFiles(event.detail);
});

// The search keeps the open files, and is in the address as long as it has a text.
function searchFiles(detail) {
  const text = detail.parameters.find?.trim() ?? "";
  const query = new URLSearchParams(location.search);
  query.delete("find");
  query.delete("start");
  if (text) query.set("find", text);
  replaceQuery(query);
  for (const name of Object.keys(detail.parameters)) delete detail.parameters[name];
  detail.path = location.pathname + location.search;
}

function replaceQuery(query) {
  const text = query.toString().replaceAll("%2F", "/");
  history.replaceState(
    history.state,
    "",
    `${location.pathname}${text ? `?${text}` : ""}${location.hash}`,
  );
}

// Folders that are opened or closed by hand are kept in the address.
function keepFolder(name, isOpen) {
  const query = new URLSearchParams(location.search);
  const folders = query.getAll("in").filter((folder) => folder !== name);
  query.delete("in");
  for (const folder of folders) query.append("in", folder);
  if (isOpen) query.append("in", name);
  query.delete("start");
  replaceQuery(query);
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  const elt = event.detail.requestConfig?.elt;
  if (elt?.matches?.(".branch[data-folder]")) {
    keepFolder(elt.dataset.folder, true);
    const opened = tree()?.querySelector(
      `details[data-folder="${CSS.escape(elt.dataset.folder)}"]`,
    );
    opened?.querySelector("summary").focus({ preventScroll: true });
  }
  if (event.detail.target?.id !== "file-view") return;
  markChosen();
  root()?.classList.remove("side-open");
  foldSide();
});
document.addEventListener("click", (event) => {
  const summary = event.target.closest?.("#run-tree details[data-folder] > summary");
  // The state changes after the click.
  if (summary) keepFolder(summary.parentElement.dataset.folder, !summary.parentElement.open);
  const button = event.target.closest?.("[data-side]");
  if (!button) return;
  if (phone.matches) root()?.classList.toggle("side-open");
  else localStorage.setItem(SHUT_KEY, root()?.classList.contains("side-shut") ? "" : "1");
  foldSide();
});

function markChosen() {
  const chosen = chosenFile();
  for (const leaf of tree()?.querySelectorAll(".leaf[data-file]") ?? []) {
    if (leaf.dataset.file === chosen) leaf.setAttribute("aria-current", "true");
    else leaf.removeAttribute("aria-current");
  }
}

function foldSide() {
  const shut = phone.matches
    ? !root()?.classList.contains("side-open")
    : localStorage.getItem(SHUT_KEY) === "1";
  root()?.classList.toggle("side-shut", shut && !phone.matches);
  const button = root()?.querySelector("[data-side]");
  if (!button) return;
  const label = shut ? button.dataset.show : button.dataset.hide;
  button.title = label;
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-expanded", String(!shut));
  const text = button.querySelector(".only-phone");
  if (text) text.textContent = label;
}
phone.addEventListener("change", foldSide);
foldSide();
