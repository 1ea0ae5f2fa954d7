// A run's page, the head above its children and Compare are drawn anew alike, part by part.

let turns = 0;
let swaps = 0;
document.body.addEventListener("htmx:afterSwap", () => swaps++);

const isAsking = () => document.querySelector(".htmx-request");

// A conditional request. Nothing where a later question has overtaken it: it knows less.
// Old is an answer during which the reader asked for something else: to be asked again.
export async function askNews(address, etag = "") {
  const [turn, before] = [++turns, swaps];
  const answer = await fetch(address, {
    headers: { "HX-Request": "true", "If-None-Match": etag },
    cache: "no-store",
  });
  const html = answer.status === 200 ? await answer.text() : "";
  return turn === turns
    ? { status: answer.status, html, isOld: swaps !== before || isAsking() }
    : null;
}

// As soon as nothing is under way.
export function soon(look) {
  if (isAsking()) setTimeout(soon, 100, look);
  else look();
}

// A click needs the same element under it from the press to the release.
export const isPressed = (part) => part.matches(":active");

// The focus of a link stays with the one that stands in its place.
export function put(part, old) {
  const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
  old.replaceWith(document.adoptNode(part));
  htmx.process(part);
  if (link) part.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
}
