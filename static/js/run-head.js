// Above the list of a run's children: the run's head follows the run, as on its other tabs.

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
      const answer = await fetch(head().dataset.news, {
        headers: { "HX-Request": "true", "If-None-Match": head().dataset.etag },
        cache: "no-store",
      });
      if (answer.status === 200) take(await answer.text());
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
    const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.replaceWith(document.adoptNode(part));
    htmx.process(part);
    if (link) part.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
  }
  // What was left out is asked for again.
  if (whole) head().dataset.etag = root.dataset.etag;
  head().dataset.pace = whole ? root.dataset.pace : head().dataset.pace;
}

function isInUse(part) {
  if (part.matches("[data-editing]") || part.querySelector(".htmx-request, details[open]")) return true;
  // A link is found again in what replaces its part.
  return part.contains(document.activeElement) && !document.activeElement.matches("a[href]");
}

document.addEventListener("run:look", look);
follow();
