// Above the list of a run's children: the run's head follows the run, as on its other tabs.

import { askNews, isPressed, put, soon } from "./run-parts.js";

const head = () => document.getElementById("run");
let timer;

function follow() {
  clearTimeout(timer);
  const pace = Number(head().dataset.pace);
  if (pace) timer = setTimeout(look, pace * 1000);
}

async function look() {
  clearTimeout(timer);
  if (!document.hidden && !document.querySelector("dialog[open]")) {
    try {
      const answer = await askNews(head().dataset.news, head().dataset.etag);
      if (!answer) return;
      if (answer.isOld) return soon(look);
      if (answer.html) take(answer.html);
    } catch {
      // The list says that the server is not heard.
    }
  }
  follow();
}

function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const root = fresh.getElementById("run");
  if (!root) return;
  let whole = true;
  for (const part of root.querySelectorAll("[data-live]")) {
    const old = document.getElementById(part.id);
    if (!old || isInUse(old)) {
      whole = false;
      continue;
    }
    put(part, old);
  }
  // What was left out is asked for again.
  if (whole) head().dataset.etag = root.dataset.etag;
  head().dataset.pace = whole ? root.dataset.pace : head().dataset.pace;
}

function isInUse(part) {
  if (isPressed(part) || part.matches("[data-editing]") || part.querySelector("details[open]"))
    return true;
  // A link is found again in what replaces its part.
  return part.contains(document.activeElement) && !document.activeElement.matches("a[href]");
}

document.addEventListener("run:look", () => soon(look));
follow();
