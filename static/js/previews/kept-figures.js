// Charts of files stay on the page while the part around them is replaced: the script of the
// charts then draws the new figure in their place, without an empty moment.

/**
 * Moves drawn charts of a part into the part that replaces it, in their order. Those that
 * have no place there leave the page: they are told to.
 * @param {Element} old @param {Element} now not yet on the page
 */
export function keepFigures(old, now) {
  const fresh = [...now.querySelectorAll("[data-file-figure]")];
  for (const [at, place] of [...old.querySelectorAll("[data-file-figure]")].entries()) {
    if (fresh[at]) {
      for (const { name, value } of fresh[at].attributes) place.setAttribute(name, value);
      fresh[at].replaceWith(place);
    } else place.dispatchEvent(new Event("figure:removed"));
  }
}

/**
 * A copy of a part as the server sent it, without what was drawn in it since.
 * @param {Element} part
 */
export function withoutDrawings(part) {
  const copy = /** @type {Element} */ (part.cloneNode(true));
  for (const place of copy.querySelectorAll("[data-file-figure]")) place.replaceChildren();
  return copy;
}
