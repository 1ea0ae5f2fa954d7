// The page Activity while it is open: how many changes are new, and what an undo changed.

import { follow } from "../site/follower.js";

const dot = document.getElementById("live");
const page = () => document.getElementById("activity");

let etag = "";

// Without moving the focus away from a button of a task that still runs.
function showTasks(fresh) {
  const shown = document.getElementById("activity-tasks");
  if (!fresh || !shown) return;
  const focused = document.activeElement?.closest("#activity-tasks li")?.id;
  shown.replaceWith(fresh);
  htmx.process(fresh);
  if (focused) document.querySelector(`#${focused} button`)?.focus();
}

if (dot) {
  follow({
    pace: () => (page()?.dataset.news ? Number(dot.dataset.pace) : 0),
    address: () => page().dataset.news,
    etag: () => etag,
    report: (state) => dot.classList.toggle("paused", state !== "live"),
    show(html, freshEtag) {
      const template = document.createElement("template");
      template.innerHTML = html;
      const fresh = template.content.getElementById("activity-news");
      const shown = document.getElementById("activity-news");
      if (fresh && shown) shown.innerHTML = fresh.innerHTML;
      if (shown) htmx.process(shown);
      showTasks(template.content.getElementById("activity-tasks"));
      etag = freshEtag;
    },
  });
  dot.hidden = false;
}

// Each answer has all facets open: keep those closed that the reader closed.
const closed = new Set();
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches?.(".activity-facets .facet")) return;
    if (target.open) closed.delete(target.id);
    else closed.add(target.id);
  },
  { capture: true },
);
document.body.addEventListener("htmx:afterSwap", () => {
  for (const id of closed) document.getElementById(id)?.removeAttribute("open");
});

// After an undo the lines show what is undone, and by whom.
document.addEventListener("page:refresh", () => {
  if (document.querySelector("dialog[open]")) return;
  if (!dot) return location.reload();
  htmx.ajax("GET", location.pathname + location.search, {
    target: "#activity",
    swap: "outerHTML",
  });
});
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id === "activity") etag = "";
});
