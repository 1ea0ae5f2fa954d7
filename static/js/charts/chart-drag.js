// Drag a chart to another position; `drop` gets the charts in their new order.

const chartUnder = (event) =>
  document.elementFromPoint(event.clientX, event.clientY)?.closest(".chart");

export function dragChart(event, card, all, drop) {
  const start = event.clientX;
  const move = (now) => {
    if (Math.abs(now.clientX - start) < 6) return;
    card.classList.add("dragged");
    for (const each of all)
      each.classList.toggle("target", each !== card && each === chartUnder(now));
  };
  const end = (now) => {
    document.removeEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) document.removeEventListener(name, end);
    const target =
      now.type === "pointerup" && card.classList.contains("dragged") && chartUnder(now);
    for (const each of all) each.classList.remove("dragged", "target");
    if (target && target !== card && all.includes(target)) drop(reorderedTexts(card, target, all));
  };
  document.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, end);
}

function reorderedTexts(card, target, all) {
  const to = all.indexOf(target);
  const rest = all.filter((each) => each !== card);
  rest.splice(to, 0, card);
  return rest.map((each) => each.dataset.text);
}
