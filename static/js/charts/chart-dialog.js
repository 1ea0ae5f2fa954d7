// The dialog that adds or changes a chart: the form of the page of the same address.

import { answerOf, queryOf } from "../site/app.js";

export async function open(href, leave) {
  const answer = await answerOf(href);
  if (!answer) return;
  const dialog = inserted(answer.html);
  dialog.addEventListener("close", () => dialog.remove());
  prepare(dialog, leave);
  dialog.showModal();
  dialog.querySelector("[name=field]").focus();
}

function inserted(html) {
  const made = new DOMParser().parseFromString(html, "text/html").getElementById("chart-dialog");
  document.getElementById("chart-dialog")?.remove();
  document.getElementById("content").append(document.adoptNode(made));
  return made;
}

function prepare(dialog, leave) {
  const form = () => dialog.querySelector("form");
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.preventDefault();
  });
  dialog.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = queryOf(form(), event.submitter ?? form().querySelector("[name=done]"));
    const answer = await answerOf(`${form().getAttribute("action")}?${query}`);
    if (!answer) return;
    const place = answer.headers.get("X-Studio-Location");
    if (place) {
      dialog.close();
      leave(place);
    } else if (answer.status === 422) {
      const fragment = new DOMParser()
        .parseFromString(answer.html, "text/html")
        .getElementById("chart-form");
      form().replaceWith(document.adoptNode(fragment));
      dialog.querySelector("[name=field]").focus();
    }
  });
  let timer;
  dialog.addEventListener("input", ({ target }) => {
    if (target.type === "range") target.nextElementSibling.value = target.value;
    if (target.name === "field") grow(target);
    if (target.name === "kind") form().elements.runs.placeholder = target.dataset.first;
    if (target.getAttribute("list") !== "chart-names") return;
    clearTimeout(timer);
    timer = setTimeout(() => complete(form(), target), 120);
  });
}

// There is always an empty box for one more field.
function grow(box) {
  const boxes = [...box.form.querySelectorAll("[name=field]")];
  if (boxes.at(-1) !== box || !box.value || boxes.length >= 16) return;
  const next = box.cloneNode();
  next.value = "";
  next.id = `chart-field-${boxes.length + 1}`;
  next.setAttribute("aria-label", box.getAttribute("aria-label").replace(/\d+/, boxes.length + 1));
  next.removeAttribute("placeholder");
  next.removeAttribute("autofocus");
  box.after(next);
}

async function complete(form, box) {
  const query = queryOf(form);
  for (const name of ["field", "kind", "done"]) query.delete(name);
  query.set("find", box.value);
  const answer = await answerOf(`${form.dataset.fields}?${query}`);
  if (answer && document.activeElement === box)
    form.querySelector("#chart-names").innerHTML = answer.html;
}
