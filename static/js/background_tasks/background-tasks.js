// The page of background tasks while it is open: progress is shown in place. What is opened
// or has the focus stays.

import { follow } from "../site/follower.js";
import { loadMorph } from "../site/morph.js";

const dot = document.getElementById("live");
const list = () => document.getElementById("tasks");

let etag = dot.dataset.etag;

async function show(html, freshEtag) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.getElementById("tasks");
  if (!fresh) return;
  const morph = await loadMorph();
  morph(list(), fresh);
  list().dataset.pace = fresh.dataset.pace;
  etag = freshEtag;
}

follow({
  pace: () => Number(list().dataset.pace),
  address: () => location.href,
  etag: () => etag,
  isBusy: () => document.querySelector("dialog[open]"),
  report: (state) => dot.classList.toggle("paused", state !== "live"),
  show,
});
dot.hidden = false;
