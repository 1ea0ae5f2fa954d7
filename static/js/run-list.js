// The run list's script: the box follows the list, Alt turns "only this" into "not this",
// and the list refreshes itself by conditional requests that cost 304 when nothing changed.

const box = document.getElementById("q");
const note = () => document.getElementById("filter-note");
const list = () => document.getElementById("run-table");
const live = document.getElementById("live");

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "run-table") return;
  // What is being typed stays, and a refresh by itself leaves the note alone.
  if (!refreshing) {
    if (document.activeElement !== box) box.value = list().dataset.q;
    note().replaceChildren();
  }
  refreshing = false;
  follow();
});

// A wrong filter's underline lies under the text, so it goes when the text changes.
box.addEventListener("input", () => note().querySelector(".underlay")?.remove());
box.addEventListener("scroll", () => {
  const under = note().querySelector(".underlay");
  if (under) under.scrollLeft = box.scrollLeft;
});
box.addEventListener("search", () => {
  if (!box.value) box.form.requestSubmit();
});

// The address may have changed since the page was made.
document.getElementById("refresh").addEventListener("click", (event) => {
  event.preventDefault();
  list().dataset.etag = "";
  look();
});

document.addEventListener(
  "click",
  (event) => {
    const link = event.altKey && event.target.closest("[data-but]");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    location.assign(link.dataset.but);
  },
  true,
);

let timer;
let refreshing = false;
function follow() {
  clearTimeout(timer);
  const pace = Number(list().dataset.pace);
  live.hidden = !pace;
  if (pace) timer = setTimeout(look, pace * 1000);
}

async function look() {
  const before = list();
  // An answer must not take away what the reader is in the middle of.
  const busy = document.hidden || before.matches(":has(details[open])") || document.querySelector(".htmx-request");
  if (!busy) {
    try {
      const answer = await fetch(location.href, {
        headers: { "HX-Request": "true", "If-None-Match": before.dataset.etag },
        cache: "no-store",
      });
      live.classList.toggle("paused", answer.status >= 400);
      if (answer.status === 200 && list() === before) replace(await answer.text());
    } catch {
      live.classList.add("paused");
    }
  }
  follow();
}

function replace(html) {
  const at = document.activeElement;
  const again = at && list().contains(at) && (at.id ? `#${at.id}` : at.href && `a[href="${CSS.escape(at.getAttribute("href"))}"]`);
  refreshing = true;
  htmx.swap("#run-table", html, { swapStyle: "outerHTML" });
  if (again) list().querySelector(again)?.focus({ preventScroll: true });
}

follow();

// MLflow clients print `/w/lab/#/experiments/3/runs/ID`, which leads here by a redirect.
const printed = /^#\/experiments\/(\d+)(?:\/runs\/([\w-]+))?/.exec(location.hash);
const above = /^\/w\/[^/]+\//.exec(location.pathname);
if (printed && above) {
  const [, experiment, run] = printed;
  location.replace(above[0] + (run ? `runs/${run}/` : `experiments/~${experiment}/`));
}
