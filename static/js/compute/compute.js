// The page Compute while it is open: what changed is shown in place. Menus, text that is
// selected, and the focus stay.

import { follow } from "../site/follower.js";
import { loadMorph } from "../site/morph.js";

const dot = document.getElementById("live");
const page = () => document.getElementById("compute");

// The page that shows a new token has an address of its own, which only accepts forms.
const isList = () => location.pathname === dot.dataset.news;

let etag = dot.dataset.etag;

async function show(html, freshEtag) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.getElementById("compute");
  if (!fresh) return;
  const morph = await loadMorph();
  const isWhole = !page().querySelector("details[open]");
  morph(page(), fresh);
  // What an open menu held back comes with the next response.
  etag = isWhole ? freshEtag : "";
}

follow({
  pace: () => Number(dot.dataset.pace),
  address: () => (isList() ? location.href : dot.dataset.news),
  etag: () => etag,
  isBusy: () => document.querySelector("dialog[open]"),
  report: (state) => dot.classList.toggle("paused", state !== "live"),
  show,
});
dot.hidden = false;

document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id === "compute") etag = "";
});
// A dialog that is left needs no new page.
document.addEventListener("click", (event) => {
  if (event.target.closest("#compute-dialog [data-close]")) event.preventDefault();
});
