// Images that the browser can't decode: a sentence stands in their place, which the page has
// in `data-broken`.

/** The addresses that failed. @type {WeakMap<Element, string>} */
const failed = new WeakMap();

/** @param {EventTarget | null} target @returns {target is HTMLImageElement} */
const isWatched = (target) => target instanceof HTMLImageElement && "broken" in target.dataset;

/** @param {HTMLImageElement} image */
function hasFailed(image) {
  if (failed.get(image) === image.src) return true;
  // It can have failed before this script ran. An SVG can have no size of its own.
  const isSized = !/\.svg(?:\?|$)/i.test(image.src);
  return Boolean(isSized && image.src && image.complete && !image.naturalWidth);
}

/** @param {HTMLImageElement} image */
function update(image) {
  const isBroken = hasFailed(image);
  const next = image.nextElementSibling;
  const note = next?.classList.contains("broken-image") ? next : null;
  image.classList.toggle("is-broken", isBroken);
  if (!isBroken) note?.remove();
  else if (!note) {
    const text = document.createElement("span");
    text.className = "broken-image soft small";
    text.textContent = image.dataset.broken ?? "";
    image.after(text);
  }
}

function updateAll() {
  for (const image of document.querySelectorAll("img[data-broken]"))
    update(/** @type {HTMLImageElement} */ (image));
}

// Neither event bubbles, but both can be captured.
document.addEventListener(
  "error",
  ({ target }) => {
    if (!isWatched(target)) return;
    failed.set(target, target.src);
    update(target);
  },
  true,
);
document.addEventListener("load", ({ target }) => isWatched(target) && update(target), true);
document.body.addEventListener("htmx:afterSwap", updateAll);
for (const name of ["run:changed", "media:shown"]) document.addEventListener(name, updateAll);
updateAll();
