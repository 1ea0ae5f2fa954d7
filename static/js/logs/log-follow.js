// A log that is still written to: new lines appear at its end, as long as the reader is
// there. Each two seconds one conditional request asks for what came after the known size.

import { follow } from "../site/follower.js";
import { parseLines } from "./log-lines.js";

const SECONDS = 2;
// Lines that come while the reader is elsewhere are only counted.
const MAX_NEW_LINES = 1000;

const isRunActive = () => Number(document.getElementById("run")?.dataset.pace) > 0;

/**
 * @param {HTMLElement} root
 * @param {import("./log-lines.js").LogLines} lines
 */
export function followLog(root, lines) {
  const button = root.parentElement.querySelector("[data-follow]");
  const pill = /** @type {HTMLButtonElement} */ (root.querySelector(".log-news"));
  let isFollowing = false;
  let isEnding = false;
  let known = lines.total;
  let etag = "";

  function setFollowing(on) {
    isFollowing = on;
    if (on) known = lines.total;
    if (button) {
      button.setAttribute("aria-pressed", String(on));
      const label = button.querySelector("span");
      label.textContent = on ? label.dataset.on : label.dataset.off;
    }
    showNews();
  }

  function showNews() {
    const count = isFollowing ? 0 : lines.total - known;
    pill.hidden = count <= 0;
    if (count > 0) {
      const text = count === 1 ? pill.dataset.one : pill.dataset.many;
      pill.querySelector("span").textContent = text.replace(
        "%(count)s",
        count.toLocaleString(document.documentElement.lang),
      );
    }
  }

  async function goToEnd() {
    if (await lines.showEnd()) setFollowing(true);
  }

  function show(html, responseEtag) {
    const fresh = parseLines(html);
    if (!fresh) return;
    // Nothing was searched: the next request asks for the same.
    lines.onBusy(fresh.dataset.busy === "1");
    if (fresh.dataset.busy === "1") return;
    lines.latest = fresh;
    if (fresh.dataset.file !== lines.file || Number(fresh.dataset.size) < lines.size)
      return replaced();
    etag = responseEtag;
    if (isFollowing) {
      if (Number(fresh.dataset.size) !== lines.size) etag = "";
      lines.appendNews(fresh);
      lines.scrollToEnd();
    } else {
      lines.total = Number(fresh.dataset.total);
      lines.isWindowAtEnd = lines.isWindowAtEnd && lines.total <= lines.last;
      lines.setGaps();
    }
    if (isFollowing) known = lines.total;
    showNews();
    lines.onCount(Number(fresh.dataset.size));
  }

  async function replaced() {
    etag = "";
    if (!(await lines.replaceLines({ end: 1 }))) return;
    const note = /** @type {HTMLElement} */ (root.querySelector(".log-note"));
    note.textContent = note.dataset.replaced ?? "";
    note.hidden = false;
    known = lines.total;
    if (isFollowing) lines.scrollToEnd();
    lines.onCount(lines.size);
  }
  lines.onReplaced = replaced;

  const follower = follow({
    pace: () => (root.isConnected && (isRunActive() || isEnding) ? SECONDS : 0),
    address() {
      const address = new URL(lines.address, location.href);
      if (isFollowing)
        for (const [name, value] of Object.entries(lines.filter()))
          address.searchParams.set(name, String(value));
      address.searchParams.set("since", String(lines.size));
      address.searchParams.set("file", lines.file ?? "");
      address.searchParams.set("count", String(isFollowing ? MAX_NEW_LINES : 1));
      return address;
    },
    etag: () => etag,
    isBusy: () => !root.isConnected,
    show(html, responseEtag) {
      isEnding = isEnding && isRunActive();
      return show(html, responseEtag);
    },
  });
  // The last lines of a run can come with its end.
  document.addEventListener("run:changed", () => {
    if (!root.isConnected || isRunActive()) return;
    isEnding = true;
    follower.restart();
  });

  lines.onUserScroll = (isUp) => {
    if (isFollowing && isUp) setFollowing(false);
    else if (!isFollowing && !isUp && lines.isAtEnd) setFollowing(true);
  };
  button?.addEventListener("click", () => (isFollowing ? setFollowing(false) : goToEnd()));
  pill.addEventListener("click", goToEnd);

  return {
    /** Stop to follow: the reader has gone elsewhere. Returns whether it followed. */
    release() {
      const followed = isFollowing;
      setFollowing(false);
      return followed;
    },
    start: () => setFollowing(true),
    goToEnd,
  };
}
