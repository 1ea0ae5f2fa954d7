// The dialog of columns: boxes add and remove, the handle moves, by mouse, finger and keys.

import { fetchPage, formQuery } from "../site/app.js";

export function prepareDialog(dialog, done) {
  const form = dialog.querySelector("form");
  const shown = dialog.querySelector("#column-shown");
  const items = () => [...shown.children];
  const label = (item) => item.querySelector(".clip").textContent;
  const written = (text, ...values) =>
    values.reduce((so, value) => so.replace("%s", () => value), text);
  const said = dialog.querySelector("#column-said");
  const say = (text, item) => {
    const all = items();
    said.textContent = written(text, label(item), all.indexOf(item) + 1, all.length);
  };
  let grabbed = null;

  function changed() {
    const count = shown.children.length;
    dialog.querySelector("#column-number").textContent = count;
    dialog.querySelector("#column-done").textContent =
      count === 1 ? form.dataset.one : written(form.dataset.many, count);
    const here = new Set(items().map((item) => item.dataset.value.replace(/:\d+$/, "")));
    for (const box of dialog.querySelectorAll("[name=pick]")) box.checked = here.has(box.value);
    // The initial state of the boxes no longer matters.
    for (const had of dialog.querySelectorAll("[name=had]")) had.remove();
  }

  function add(value, name) {
    const item = dialog.querySelector("#column-item").content.firstElementChild.cloneNode(true);
    item.dataset.value = value;
    item.querySelector("[name=shown]").value = value;
    item.querySelector(".clip").textContent = name;
    item.querySelector(".clip").title = value;
    for (const button of item.querySelectorAll("button")) {
      button.setAttribute("aria-label", `${button.getAttribute("aria-label").trim()} ${name}`);
    }
    shown.append(item);
    item.scrollIntoView({ block: "nearest" });
    say(form.dataset.added, item);
  }

  function remove(item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    said.textContent = written(form.dataset.removed, label(item));
    item.remove();
    return next;
  }

  dialog.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name !== "pick") return;
    const item = items().find((each) => each.dataset.value.replace(/:\d+$/, "") === box.value);
    if (box.checked && !item) add(box.value, box.dataset.label);
    if (!box.checked && item) remove(item);
    changed();
  });

  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[name=remove]");
    if (button) {
      event.preventDefault();
      const next = remove(button.closest("li"));
      changed();
      (next.querySelector("[name=remove]") ?? dialog.querySelector("input[type=search]")).focus();
    }
    if (event.target.closest("#column-default")) {
      event.preventDefault();
      shown.replaceChildren(dialog.querySelector("#column-defaults").content.cloneNode(true));
      changed();
    }
    if (event.target.closest("[data-close]")) event.preventDefault();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.id !== "column-done") return find();
    const columns = items()
      .map((item) => item.dataset.value)
      .join(",");
    dialog.close();
    done(columns === form.dataset.default ? "" : columns);
  });

  // Looking for a field asks the server, which knows all of them.
  let timer;
  let asked = 0;
  async function find() {
    const query = formQuery(form);
    const now = ++asked;
    const response = await fetchPage(`${form.action}?${query}`);
    if (!response || now !== asked) return;
    const found = new DOMParser()
      .parseFromString(response.html, "text/html")
      .getElementById("column-fields");
    dialog.querySelector("#column-fields").replaceWith(document.adoptNode(found));
    dialog.querySelector("#column-count").textContent = found.dataset.count;
    changed();
  }
  dialog.addEventListener("input", (event) => {
    if (event.target.name !== "find") return;
    clearTimeout(timer);
    timer = setTimeout(find, 120);
  });

  // Moving. The first item is the name, which stays.
  function moveTo(item, place) {
    const others = items().filter((each) => each !== item);
    const at = Math.min(Math.max(place, 1), others.length);
    shown.insertBefore(item, others[at] ?? null);
  }

  function release(restore) {
    const { item, from } = grabbed;
    grabbed = null;
    item.classList.remove("grabbed");
    if (restore) moveTo(item, from);
    say(restore ? form.dataset.restored : form.dataset.dropped, item);
  }

  dialog.addEventListener("keydown", (event) => {
    const grip = event.target.closest("button.grip");
    if (!grip) return;
    const item = grip.closest("li");
    const place = items().indexOf(item);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (grabbed) return release(false);
      grabbed = { item, from: place };
      item.classList.add("grabbed");
      say(form.dataset.grabbed, item);
    } else if (step && grabbed) {
      event.preventDefault();
      moveTo(item, place + step);
      grip.focus();
      say(form.dataset.moved, item);
    } else if (step) {
      event.preventDefault();
      items()[place + step]?.querySelector("button.grip")?.focus();
    } else if (event.key === "Escape" && grabbed) {
      event.preventDefault();
      event.stopPropagation();
      release(true);
      grip.focus();
    }
  });
  // Escape puts back what is grabbed before it closes the dialog.
  dialog.addEventListener("cancel", (event) => {
    if (!grabbed) return;
    event.preventDefault();
    release(true);
  });
  dialog.addEventListener("focusout", (event) => {
    const hasLeft = event.relatedTarget && event.relatedTarget !== event.target;
    if (grabbed && !grabbed.pointer && hasLeft) release(false);
  });

  dialog.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("button.grip");
    if (!grip || event.button) return;
    event.preventDefault();
    grip.focus({ focusVisible: false });
    const item = grip.closest("li");
    grabbed = { item, from: items().indexOf(item), pointer: true };
    item.classList.add("grabbed");
    const move = (at) => {
      const above = items().filter((each) => each !== item && middle(each) < at.clientY);
      if (items().indexOf(item) !== above.length) moveTo(item, above.length);
    };
    const end = (at) => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      if (grabbed?.pointer) release(at.type === "pointercancel");
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  });
  const middle = (item) => {
    const box = item.getBoundingClientRect();
    return box.top + box.height / 2;
  };
}
