// Who has no mouse scrolls a part of the page after focusing it. Parts that fit are no stop
// of the Tab key.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const isCut =
      target.scrollHeight > target.clientHeight || target.scrollWidth > target.clientWidth;
    if (isCut) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});

/** Call it again after the content changed: the part itself can keep its size. */
export const focusToScroll = (part) => sizes.observe(part);
