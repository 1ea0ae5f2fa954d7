// The dialog that adds or changes a chart. Its form is also a page, at the same address.

import { fetchPage, formQuery } from "../site/app.js";

export async function openChartDialog(href, openAddress) {
  const response = await fetchPage(href);
  if (!response) return;
  const dialog = insertDialog(response.html);
  dialog.addEventListener("close", () => dialog.remove());
  prepare(dialog, openAddress);
  dialog.showModal();
  dialog.querySelector("[name=field]").focus();
}

function insertDialog(html) {
  const made = new DOMParser().parseFromString(html, "text/html").getElementById("chart-dialog");
  document.getElementById("chart-dialog")?.remove();
  document.getElementById("content").append(document.adoptNode(made));
  return made;
}

function prepare(dialog, openAddress) {
  const form = () => dialog.querySelector("form");
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.preventDefault();
  });
  dialog.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = formQuery(form(), event.submitter ?? form().querySelector("[name=done]"));
    const response = await fetchPage(`${form().getAttribute("action")}?${query}`);
    if (!response) return;
    const place = response.headers.get("X-Studio-Location");
    if (place) {
      dialog.close();
      openAddress(place);
    } else if (response.status === 422) {
      const fragment = new DOMParser()
        .parseFromString(response.html, "text/html")
        .getElementById("chart-form");
      form().replaceWith(document.adoptNode(fragment));
      dialog.querySelector("[name=field]").focus();
    }
  });
  let timer;
  dialog.addEventListener("input", ({ target }) => {
    if (target.type === "range") target.nextElementSibling.value = target.value;
    if (target.name === "field") addEmptyField(target);
    if (target.name === "kind") form().elements.runs.placeholder = target.dataset.first;
    if (target.getAttribute("list") !== "chart-names") return;
    clearTimeout(timer);
    timer = setTimeout(() => suggestFields(form(), target), 120);
  });
}

// There is always an empty box for one more field.
function addEmptyField(box) {
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

async function suggestFields(form, box) {
  const query = formQuery(form);
  for (const name of ["field", "kind", "done"]) query.delete(name);
  query.set("find", box.value);
  const response = await fetchPage(`${form.dataset.fields}?${query}`);
  if (response && document.activeElement === box)
    form.querySelector("#chart-names").innerHTML = response.html;
}
