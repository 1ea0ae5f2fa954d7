// Parts of a run's page, of the head above its children, and of Compare, when they change.

import { keepFigures } from "../previews/kept-figures.js";

/** A click needs the same element under it from the press to the release. */
export const isPressed = (part) => part.matches(":active");

/** Replace a part. The focus of a link stays with the link that replaces it. */
export function replacePart(old, part) {
  const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
  document.adoptNode(part);
  keepFigures(old, part);
  old.replaceWith(part);
  htmx.process(part);
  if (link) part.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
}
