// Keep a part of the page up to date: poll for changes, wait longer after failures, stop
// when the reader is signed out, and pause while there is no reader.

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
    } else if (!document.hidden) timer = setTimeout(refresh, seconds * 1000);
    else if (source.hiddenSeconds) {
      timer = setTimeout(refresh, Math.max(seconds, source.hiddenSeconds) * 1000);
    }
  }

  // Send a conditional request. A response that a later request has overtaken is null.
  async function request(address, etag) {
    latest += 1;
    const number = latest;
    const headers = { "HX-Request": "true", ...(etag && { "If-None-Match": etag }) };
    const response = await fetch(address, { headers, cache: "no-store" });
    const html = response.ok ? await response.text() : "";
    return number === latest ? { response, html, etag: response.headers.get("ETag") ?? "" } : null;
  }

  async function refresh() {
    clearTimeout(timer);
    if (isStopped) return;
    if (isRequesting() || source.isBusy?.()) return schedule();
    const [swapsBefore, addressBefore] = [swaps, pageAddress()];
    try {
      const news = await request(source.address(), source.etag());
      if (!news) return;
      const { response, html, etag } = news;
      if (response.status === 401) return stop();
      if (!response.ok && response.status !== 304) {
        return fail(Number(response.headers.get("Retry-After")));
      }
      failures = 0;
      report("live");
      // The reader has loaded something else since then, so this response can be older.
      if (swaps !== swapsBefore || pageAddress() !== addressBefore || isRequesting()) {
        return scheduleRefresh();
      }
      if (html) await source.show(html, etag);
      schedule();
    } catch {
      fail();
    }
  }

  function scheduleRefresh() {
    latest += 1;
    refreshWhenIdle(latest);
  }
  function refreshWhenIdle(number) {
    if (number !== latest) return;
    if (isRequesting()) setTimeout(refreshWhenIdle, 100, number);
    else refresh();
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
    refresh();
  }

  if (source.restAfter) {
    for (const kind of READER_EVENTS) addEventListener(kind, wake, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return schedule();
    lastSeen = performance.now();
    isResting = false;
    if (source.pace()) refresh();
  });
  addEventListener("online", refresh);
  // Something was changed from this page.
  document.addEventListener("page:refresh", scheduleRefresh);
  schedule();

  return {
    request,
    fail,
    // What is shown is current; ignore responses to earlier requests.
    restart() {
      latest += 1;
      schedule();
    },
  };
}
