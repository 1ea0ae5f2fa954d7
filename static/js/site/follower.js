// Follows a part of the page while it changes: asks for news at a pace, waits longer after
// failures, stops when the reader is signed out, and rests while there is no reader.

const MAX_SECONDS = 300;
const DEFAULT_SECONDS = 5;
const READER_EVENTS = ["pointermove", "pointerdown", "keydown", "wheel", "focus"];

const isRequesting = () => document.querySelector(".htmx-request");
const pageAddress = () => location.pathname + location.search;

let swaps = 0;
document.body.addEventListener("htmx:afterSwap", () => {
  swaps += 1;
});

/**
 * @typedef {object} Source what a follower asks for, and shows
 * @property {() => number} pace seconds between two requests; 0 stops
 * @property {() => string | URL} address
 * @property {() => string} etag of what is shown; "" when anything is news
 * @property {(html: string, etag: string) => unknown} show
 * @property {() => unknown} [isBusy] whether news would disturb the reader now
 * @property {(state: "live" | "paused" | "resting" | "gone") => void} [report]
 * @property {() => number} [restAfter] seconds without a reader; 0 never rests
 * @property {number} [hiddenSeconds] pace of a hidden page, which else asks nothing
 */

/**
 * Start to follow.
 * @param {Source} source
 */
export function follow(source) {
  let timer;
  let latest = 0;
  let failures = 0;
  let isStopped = false;
  let isResting = false;
  let lastSeen = performance.now();

  const report = (state) => source.report?.(state);

  function schedule(seconds = source.pace()) {
    clearTimeout(timer);
    if (isStopped || !seconds) return;
    const restAfter = source.restAfter?.();
    if (restAfter && (document.hidden || performance.now() - lastSeen > restAfter * 1000)) {
      isResting = true;
      report("resting");
    } else if (!document.hidden) timer = setTimeout(look, seconds * 1000);
    else if (source.hiddenSeconds) {
      timer = setTimeout(look, Math.max(seconds, source.hiddenSeconds) * 1000);
    }
  }

  // Send a conditional request. An answer that a later request has overtaken is null.
  async function ask(address, etag) {
    latest += 1;
    const mine = latest;
    const headers = { "HX-Request": "true", ...(etag && { "If-None-Match": etag }) };
    const answer = await fetch(address, { headers, cache: "no-store" });
    const html = answer.ok ? await answer.text() : "";
    return mine === latest ? { answer, html, etag: answer.headers.get("ETag") ?? "" } : null;
  }

  async function look() {
    clearTimeout(timer);
    if (isStopped) return;
    if (isRequesting() || source.isBusy?.()) return schedule();
    const [swapsBefore, addressBefore] = [swaps, pageAddress()];
    try {
      const news = await ask(source.address(), source.etag());
      if (!news) return;
      const { answer, html, etag } = news;
      if (answer.status === 401) return stop();
      if (!answer.ok && answer.status !== 304) {
        return fail(Number(answer.headers.get("Retry-After")));
      }
      failures = 0;
      report("live");
      // The reader has asked for something else since: this may be older than the page.
      if (swaps !== swapsBefore || pageAddress() !== addressBefore || isRequesting()) {
        return scheduleLook();
      }
      if (html) await source.show(html, etag);
      schedule();
    } catch {
      fail();
    }
  }

  function scheduleLook() {
    latest += 1;
    lookWhenFree(latest);
  }
  function lookWhenFree(mine) {
    if (mine !== latest) return;
    if (isRequesting()) setTimeout(lookWhenFree, 100, mine);
    else look();
  }

  function fail(seconds = 0) {
    failures += 1;
    report("paused");
    const wait = (source.pace() || DEFAULT_SECONDS) * 2 ** failures;
    schedule(Math.min(MAX_SECONDS, Math.max(seconds, wait)));
  }

  function stop() {
    isStopped = true;
    report("gone");
  }

  function wake() {
    lastSeen = performance.now();
    if (!isResting || document.hidden) return;
    isResting = false;
    look();
  }

  if (source.restAfter) {
    for (const kind of READER_EVENTS) addEventListener(kind, wake, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return schedule();
    lastSeen = performance.now();
    isResting = false;
    if (source.pace()) look();
  });
  addEventListener("online", look);
  // Something was changed from this page.
  document.addEventListener("run:look", scheduleLook);
  schedule();

  return {
    ask,
    fail,
    // What is shown is fresh: answers on their way are old.
    restart() {
      latest += 1;
      schedule();
    },
  };
}
