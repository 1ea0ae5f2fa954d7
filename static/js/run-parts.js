// A run's page and the head above its children are drawn anew alike, part by part.

let turns = 0;

// A conditional request. Nothing where a later question has overtaken it: it knows less.
export async function ask(address, etag) {
  const turn = ++turns;
  const answer = await fetch(address, {
    headers: { "HX-Request": "true", "If-None-Match": etag },
    cache: "no-store",
  });
  return turn === turns ? answer : null;
}

// The focus of a link stays with the one that stands in its place.
export function put(part, old) {
  const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
  old.replaceWith(document.adoptNode(part));
  htmx.process(part);
  if (link) part.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
}
