// Above the list of a run's children: the run's head follows the run, as on its other tabs.
// The list next to it reports when the server does not response.

import { follow } from "../site/follower.js";
import { isPressed, replacePart } from "./run-parts.js";

const head = () => document.getElementById("run");

follow({
  pace: () => Number(head().dataset.pace),
  address: () => head().dataset.news,
  etag: () => head().dataset.etag,
  isBusy: () => document.querySelector("dialog[open]"),
  show,
});

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("run");
  if (!fresh) return;
  let isComplete = true;
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = document.getElementById(part.id);
    if (!old || isInUse(old)) isComplete = false;
    else replacePart(old, part);
  }
  // Without the new ETag, the next request brings the parts that were left out.
  if (!isComplete) return;
  head().dataset.etag = fresh.dataset.etag;
  head().dataset.pace = fresh.dataset.pace;
}

function isInUse(part) {
  if (isPressed(part) || part.matches("[data-editing]") || part.querySelector("details[open]")) {
    return true;
  }
  // `replacePart` moves the focus of a link to its replacement.
  return part.contains(document.activeElement) && !document.activeElement.matches("a[href]");
}
