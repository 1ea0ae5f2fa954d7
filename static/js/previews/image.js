// The image preview: fit or a scale, sharp pixels, and a second image on top of it.

const MIN_SCALE = 1 / 16;
const MAX_SCALE = 32;

/** @typedef {HTMLElement & { scale?: number | null }} ImageView */

/** @param {ImageView} view */
const imageOf = (view) => /** @type {HTMLImageElement} */ (view.querySelector("[data-image]"));

/** @param {HTMLImageElement} image the scale at which it is shown now */
const shownScale = (image) => (image.naturalWidth ? image.width / image.naturalWidth : 1);

/**
 * @param {ImageView} view
 * @param {number | null} scale screen pixels for each pixel of the image; null to fit the page
 */
function setScale(view, scale) {
  const image = imageOf(view);
  view.scale = scale;
  const frame = /** @type {HTMLElement} */ (view.querySelector(".picture-frame"));
  frame.classList.toggle("zoomed", scale !== null);
  // An SVG without a size has no pixels of its own.
  if (scale !== null && image.naturalWidth) image.width = image.naturalWidth * scale;
  else image.removeAttribute("width");
  showScale(view);
}

/** @param {ImageView} view */
function showScale(view) {
  const scale = view.scale ?? shownScale(imageOf(view));
  const output = view.querySelector("[data-image-scale]");
  if (output) output.textContent = `${Math.round(scale * 100)} %`;
  for (const button of view.querySelectorAll("[data-image-size]")) {
    const size = button.getAttribute("data-image-size");
    const isPressed = size === "fit" ? view.scale == null : view.scale === Number(size);
    button.setAttribute("aria-pressed", String(isPressed));
  }
}

/**
 * @param {ImageView} view
 * @param {string} src the address of the second image; empty for none
 */
function setOverlay(view, src) {
  const layers = /** @type {HTMLElement} */ (view.querySelector(".picture-layers"));
  layers.querySelector(".overlay")?.remove();
  const opacity = /** @type {HTMLElement} */ (view.querySelector("[data-image-opacity]"));
  opacity.hidden = !src;
  if (!src) return;
  const image = document.createElement("img");
  image.className = "overlay";
  image.alt = "";
  image.src = src;
  layers.append(image);
  setOpacity(view);
}

/** @param {ImageView} view */
function setOpacity(view) {
  const overlay = /** @type {HTMLElement | null} */ (view.querySelector(".overlay"));
  const input = /** @type {HTMLInputElement} */ (view.querySelector("[data-image-opacity] input"));
  if (overlay) overlay.style.opacity = String(Number(input.value) / 100);
  const output = input.parentElement?.querySelector("output");
  if (output) output.textContent = input.value;
}

/** @param {EventTarget | null} target */
const viewOf = (target) =>
  /** @type {ImageView | null} */ (
    target instanceof Element ? target.closest("[data-image-view]") : null
  );

document.addEventListener("click", (event) => {
  const view = viewOf(event.target);
  const button = /** @type {Element} */ (event.target).closest("button");
  if (!view || !button) return;
  const { imageSize, imageZoom } = button.dataset;
  if (imageSize) setScale(view, imageSize === "fit" ? null : Number(imageSize));
  if (imageZoom) {
    const scale = (view.scale ?? shownScale(imageOf(view))) * (imageZoom === "in" ? 2 : 0.5);
    setScale(view, Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale)));
  }
});
document.addEventListener("input", (event) => {
  const view = viewOf(event.target);
  if (!view) return;
  const field = /** @type {HTMLInputElement} */ (event.target);
  if (field.matches("[data-image-opacity] input")) setOpacity(view);
  if (field.matches("[data-image-overlay]")) setOverlay(view, field.value);
  if (field.matches("[data-image-pixels]"))
    view.querySelector(".picture-frame")?.classList.toggle("pixels", field.checked);
});

// Load events do not bubble, but they can be captured.
document.addEventListener(
  "load",
  (event) => {
    const view = viewOf(event.target);
    if (view && event.target === imageOf(view)) showScale(view);
  },
  true,
);
for (const view of document.querySelectorAll("[data-image-view]"))
  if (imageOf(/** @type {ImageView} */ (view)).complete) showScale(/** @type {ImageView} */ (view));
