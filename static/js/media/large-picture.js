// A picture of the Media tab or of Compare, with its layers, as large as the window. The arrow
// keys go to its neighbors, Escape closes it.

const dialog = () =>
  /** @type {HTMLDialogElement | null} */ (document.getElementById("large-picture"));
/** What holds the neighbors of a picture. */
const GROUP = ".media-tiles, .media-grid, .image-stage";
/** @type {HTMLElement[]} */
let tiles = [];
let at = 0;

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(`large-picture-${id}`));

/** @param {HTMLElement} button */
function open(button) {
  const shown = dialog();
  const tile = tileOf(button);
  const group = tile?.closest(GROUP);
  if (!shown || !tile || !group) return;
  tiles = [.../** @type {NodeListOf<HTMLElement>} */ (group.querySelectorAll(".image-tile"))];
  tiles = tiles.filter((each) => each.querySelector("img"));
  at = Math.max(tiles.indexOf(tile), 0);
  if (tiles.length) {
    showPicture();
    shown.showModal();
  }
}

/**
 * The picture of a button next to it, or the first one of the panel in whose head it is.
 * @param {HTMLElement} button
 */
function tileOf(button) {
  const before = button.previousElementSibling;
  if (before?.matches(".image-tile")) return /** @type {HTMLElement} */ (before);
  return /** @type {HTMLElement | null | undefined} */ (
    button.closest(".card")?.querySelector(".image-tile")
  );
}

function showPicture() {
  const tile = tiles[at];
  part("stage").replaceChildren(
    ...[...tile.querySelectorAll("img")].map((small, index) => {
      const image = document.createElement("img");
      image.src = (index === 0 && tile.dataset.full) || small.src;
      image.alt = small.alt;
      image.className = small.className;
      return image;
    }),
  );
  part("name").textContent = tile.querySelector("img")?.alt ?? "";
  part("place").textContent = tiles.length > 1 ? `${at + 1} / ${tiles.length}` : "";
  for (const step of dialog()?.querySelectorAll("[data-picture-step]") ?? []) {
    const next = at + Number(step.getAttribute("data-picture-step"));
    /** @type {HTMLButtonElement} */ (step).disabled = next < 0 || next >= tiles.length;
  }
}

/** @param {number} by */
function go(by) {
  const next = at + by;
  if (next < 0 || next >= tiles.length) return;
  at = next;
  showPicture();
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-enlarge-picture]"));
  if (button) return open(button);
  const step = target.closest("[data-picture-step]");
  if (step) return go(Number(step.getAttribute("data-picture-step")));
  if (target.closest("[data-picture-close]") || target === dialog()) dialog()?.close();
});
document.addEventListener("keydown", (event) => {
  if (!dialog()?.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  go(event.key === "ArrowLeft" ? -1 : 1);
});
