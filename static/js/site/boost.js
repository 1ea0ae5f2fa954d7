// Links and forms inside of `data-boost` are requested by htmx, as inside of `hx-boost`. Each
// is prepared when it is first used: htmx sends four events for every link that it prepares,
// and a list has hundreds. `data-plain` excepts what is inside.

const OTHERS = "[hx-boost], [hx-get], [hx-post], [data-plain]";

function boost(element) {
  if (!element?.closest("[data-boost]") || element.closest(OTHERS)) return;
  element.setAttribute("hx-boost", "true");
  htmx.process(element);
}

document.addEventListener("click", (event) => boost(event.target.closest?.("a[href]")), true);
document.addEventListener("submit", (event) => boost(event.target), true);
