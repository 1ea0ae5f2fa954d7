// The rows of two logs that are loaded. Both boxes have the same rows and scroll together.
// Lines with the same number have gaps before and after them, as high as the rows that are
// not loaded. Rows of the same time have none: their number is unknown. Neither have those
// of a filter.

import { numberOf, scrollWithin } from "../logs/log-lines.js";

export const NAMES = ["left", "right"];
const ROW_PX = 20;
const MAX_ROWS = 1500;
const NEAR_PX = 1200;
const JUMP_DELAY_MS = 90;
// Browsers limit the height of an element.
const MAX_GAP_PX = 6_000_000;
// Other searches had all turns of the server: the same is asked again after this time.
const BUSY_MS = 1000;
// Rows of one response: those that were replaced by it are not farther away.
const NEWS_ROWS = 250;

/** @typedef {[number, number]} Cursor a line number of each log */
/** @typedef {Record<string, string | number>} Query parameters of a request for rows */

/** @param {string | undefined} text @returns {Cursor} */
const cursorOf = (text) => {
  const [left, right] = (text ?? "1-1").split("-").map(Number);
  return [left, right];
};

/** @param {string} html @returns {HTMLElement | null} */
export const parseRows = (html) =>
  new DOMParser().parseFromString(html, "text/html").querySelector(".log-pair-rows");

export class PairedLines {
  /**
   * @param {HTMLElement} root
   * @param {() => Query} filter what every request has: the filter of lines, if any
   */
  constructor(root, filter) {
    this.root = root;
    this.filter = filter;
    this.boxes = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".log-lines-box")]);
    this.isByLine = root.dataset.align === "line";
    this.generation = 0;
    this.isLoading = false;
    this.isFiltering = false;
    this.listeners = [];
    this.onBusy = (/** @type {boolean} */ _isBusy) => {};
    this.onFailed = () => {};
    this.readState(root.dataset);
    this.totals = cursorOf(root.dataset.totals);
    this.setGaps();
    // Where a box was scrolled to by this script: its event is not the reader's.
    this.placed = new Map();
    for (const box of this.boxes)
      box.addEventListener("scroll", () => this.onScroll(box), { passive: true });
  }

  get isFiltered() {
    return Object.keys(this.filter()).length > 0;
  }
  get hasGaps() {
    return this.isByLine && !this.isFiltered;
  }

  /** @param {DOMStringMap} state of rows */
  readState({ start, stop, isStart, isEnd }) {
    this.start = cursorOf(start);
    this.stop = cursorOf(stop);
    this.isStart = isStart === "1";
    this.isEnd = isEnd === "1";
  }

  /** @param {number} side */
  linesOf(side) {
    return /** @type {HTMLElement} */ (this.boxes[side].querySelector(".log-lines"));
  }
  /** @param {number} side */
  rowsOf(side) {
    return /** @type {HTMLElement[]} */ ([...this.linesOf(side).children]);
  }
  /** @param {number} side @param {number} number */
  find(side, number) {
    return this.linesOf(side).querySelector(`[id="${side ? "r" : "l"}${number}"]`);
  }

  onChange(listener) {
    this.listeners.push(listener);
  }
  changed() {
    for (const listener of this.listeners) listener();
  }

  get total() {
    return Math.max(...this.totals, 1);
  }
  get gapRow() {
    return Math.min(ROW_PX, MAX_GAP_PX / this.total);
  }
  setGaps() {
    const height = (rows) => `${this.hasGaps ? Math.max(0, rows) * this.gapRow : 0}px`;
    for (const box of this.boxes) {
      const [before, after] = /** @type {NodeListOf<HTMLElement>} */ (
        box.querySelectorAll(".log-gap")
      );
      before.style.height = height(this.start[0] - 1);
      after.style.height = height(this.total - this.stop[0] + 1);
    }
  }

  /** The first row of a box that is visible. */
  topRow(side) {
    const top = this.boxes[side].getBoundingClientRect().top;
    const rows = this.linesOf(side).children;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > top + 1) high = middle;
      else low = middle + 1;
    }
    return low < rows.length ? low : -1;
  }

  /** The number of the first visible line of a log; 0 if there is none. */
  topLine(side) {
    const rows = this.rowsOf(side).slice(Math.max(0, this.topRow(side)));
    const line = rows.find((row) => row.id);
    return line ? numberOf(line) : 0;
  }

  onScroll(box) {
    const placed = this.placed.get(box);
    this.placed.delete(box);
    if (placed && Math.abs(placed[0] - box.scrollTop) < 2 && placed[1] === box.scrollLeft) return;
    this.follow(this.boxes.indexOf(box));
    this.loadNear(box);
  }

  /** Scroll the other box to where this one is. */
  follow(side) {
    const [box, other] = [this.boxes[side], this.boxes[1 - side]];
    const at = this.topRow(side);
    let top = box.scrollTop;
    if (at >= 0) {
      const row = this.linesOf(side).children[at].getBoundingClientRect();
      const counterpart = this.linesOf(1 - side).children[at].getBoundingClientRect();
      const above = box.getBoundingClientRect().top - row.top;
      // Of a wrapped line, as much is above in both.
      const share = row.height ? above / row.height : 0;
      const offset = counterpart.top - other.getBoundingClientRect().top + other.scrollTop;
      top = offset + share * counterpart.height;
    }
    this.place(other, top, box.scrollLeft);
  }

  place(box, top, left = box.scrollLeft) {
    const before = [box.scrollTop, box.scrollLeft];
    box.scrollTop = top;
    box.scrollLeft = left;
    if (box.scrollTop !== before[0] || box.scrollLeft !== before[1])
      this.placed.set(box, [box.scrollTop, box.scrollLeft]);
  }

  loadNear(box) {
    clearTimeout(this.jumpTimer);
    const lines = /** @type {HTMLElement} */ (box.querySelector(".log-lines"));
    const start = lines.offsetTop - box.offsetTop;
    const end = start + lines.offsetHeight;
    const [top, bottom] = [box.scrollTop, box.scrollTop + box.clientHeight];
    if (this.hasGaps && (bottom < start - NEAR_PX || top > end + NEAR_PX))
      this.jumpTimer = setTimeout(() => this.jump(box, start, end), JUMP_DELAY_MS);
    else if (end - bottom < NEAR_PX && !this.isEnd) this.loadAfter();
    else if (top - start < NEAR_PX && !this.isStart) this.loadBefore();
  }

  // The scroll bar was dragged into a gap.
  async jump(box, start, end) {
    const top = box.scrollTop;
    const row =
      top < start
        ? Math.floor(top / this.gapRow) + 1
        : this.stop[0] + Math.floor((top - end) / this.gapRow);
    const first = Math.max(1, Math.min(row, this.total) - 40);
    if (!(await this.replace({ start: `${first}-${first}` }))) return;
    const shown = this.rowsOf(0)[Math.min(row, this.total) - first];
    if (shown) this.scrollTo(0, shown, "start");
  }

  /** @param {Query} query @returns {Promise<HTMLElement | null>} */
  async fetchRows(query) {
    const { generation } = this;
    let fresh = await this.requestRows(query);
    while (fresh?.dataset.busy === "1") {
      this.onBusy(true);
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      if (generation !== this.generation || !this.root.isConnected) return null;
      fresh = await this.requestRows(query);
    }
    if (generation === this.generation) this.onBusy(false);
    return fresh;
  }

  /** @param {Query} query @returns {URL} */
  addressOf(query) {
    const address = new URL(this.root.dataset.rows ?? "", location.href);
    for (const [name, value] of Object.entries({ ...this.filter(), ...query }))
      address.searchParams.set(name, String(value));
    return address;
  }

  /** @param {Query} query @returns {Promise<HTMLElement | null>} */
  async requestRows(query) {
    const headers = { "HX-Request": "true" };
    const response = await fetch(this.addressOf(query), { headers }).catch(() => null);
    if (!response?.ok) return null;
    return parseRows(await response.text());
  }

  async loadAfter() {
    await this.load({ start: this.stop.join("-") }, (fresh) => {
      const before = this.stop.join("-");
      const added = this.insert(fresh, (lines, rows) => lines.append(...rows));
      this.stop = cursorOf(fresh.dataset.stop);
      const isStuck = !added && this.stop.join("-") === before;
      this.isEnd = fresh.dataset.isEnd === "1" || isStuck;
      this.trim("start");
      return !added && !this.isEnd;
    });
  }

  async loadBefore() {
    await this.load({ before: this.start.join("-") }, (fresh) => {
      const before = this.start.join("-");
      const added = this.insert(fresh, (lines, rows) => lines.prepend(...rows));
      this.start = cursorOf(fresh.dataset.start);
      const isStuck = !added && this.start.join("-") === before;
      this.isStart = fresh.dataset.isStart === "1" || isStuck;
      this.trim("end");
      return !added && !this.isStart;
    });
  }

  insert(fresh, add) {
    let count = 0;
    for (const side of [0, 1]) {
      const rows = [...fresh.querySelectorAll(".log-lines")[side].children];
      count = rows.length;
      add(
        this.linesOf(side),
        rows.map((row) => document.adoptNode(row)),
      );
    }
    return count;
  }

  async load(query, insert) {
    if (this.isLoading) return;
    this.isLoading = true;
    const { generation } = this;
    const fresh = await this.fetchRows(query);
    this.isLoading = false;
    if (!fresh || generation !== this.generation || !this.root.isConnected) return;
    let isMoreWanted = false;
    this.keepPlace(() => {
      isMoreWanted = insert(fresh);
    });
    this.changed();
    // A search that took too long has found none yet.
    if (isMoreWanted) this.loadNear(this.boxes[0]);
  }

  /** Whether the last rows are visible: rows that come are then scrolled to. */
  get isAtEnd() {
    const [box] = this.boxes;
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    return this.isEnd && left < 2 * ROW_PX;
  }

  /** The first number of each log from a row on; 0 if no line of it follows. */
  numbersFrom(row) {
    return [0, 1].map((side) => {
      const line = this.rowsOf(side)
        .slice(row)
        .find((each) => each.id);
      return line ? numberOf(line) : 0;
    });
  }

  /**
   * Where new lines can appear: at the last line of a log that grows, which can be
   * unfinished. Null if it is not loaded, or far above what the reader sees.
   * @returns {{ row: number, cursor: Cursor } | null}
   */
  newsPlace() {
    const ends = [0, 1].map((side) => (this.isLive(side) ? this.lastLine(side) : Infinity));
    if (this.isByLine) ends.fill(Math.min(...ends));
    const rows = [this.rowsOf(0), this.rowsOf(1)];
    const isNew = (_row, at) =>
      [0, 1].some((side) => rows[side][at].id && numberOf(rows[side][at]) >= ends[side]);
    const found = rows[0].findIndex(isNew);
    const row = found < 0 ? rows[0].length : found;
    if ((found < 0 && !this.isEnd) || this.topRow(0) > row + NEWS_ROWS) return null;
    const [left, right] = this.numbersFrom(row);
    if (!this.isByLine) return { row, cursor: [this.newsFrom(0, left), this.newsFrom(1, right)] };
    if (ends[0] < this.start[0]) return null;
    return { row, cursor: [ends[0], ends[0]] };
  }

  newsFrom(side, number) {
    if (number) return number;
    // A filter can have left out the unfinished line.
    return this.isLive(side) && this.isFiltered ? this.lastLine(side) : this.stop[side];
  }

  isLive(side) {
    return (this.root.dataset.live ?? "").split(" ").includes(NAMES[side]);
  }
  lastLine(side) {
    return Math.max(1, Math.min(this.stop[side], this.totals[side]));
  }

  /**
   * Replace the rows from a row on by their new state.
   * @param {HTMLElement} fresh
   * @param {number} row
   */
  showNews(fresh, row) {
    const follows = this.isAtEnd;
    this.totals = cursorOf(fresh.dataset.totals);
    this.keepPlace(() => {
      for (const side of [0, 1]) for (const old of this.rowsOf(side).slice(row)) old.remove();
      this.insert(fresh, (lines, rows) => lines.append(...rows));
      this.stop = cursorOf(fresh.dataset.stop);
      this.isEnd = fresh.dataset.isEnd === "1";
      this.trim("start");
    });
    this.changed();
    if (follows) for (const box of this.boxes) this.place(box, box.scrollHeight);
    // Rows after those of the response are loaded again.
    else this.loadNear(this.boxes[0]);
  }

  /** Wrapped lines of a row get the same height. */
  level() {
    const [left, right] = [this.rowsOf(0), this.rowsOf(1)];
    for (const row of [...left, ...right]) row.style.minHeight = "";
    if (!this.boxes[0].classList.contains("wrapped")) return;
    const heights = left.map((row, at) => Math.max(row.offsetHeight, right[at].offsetHeight));
    heights.forEach((height, at) => {
      for (const row of height > ROW_PX ? [left[at], right[at]] : [])
        row.style.minHeight = `${height}px`;
    });
  }

  /** Level the rows without moving what the reader looks at. */
  relevel() {
    this.keepPlace(() => {});
  }

  // Change the rows without moving what the reader looks at.
  keepPlace(change) {
    const side = this.rowsOf(0).some((row) => row.id) ? 0 : 1;
    const anchor = this.rowsOf(side)[Math.max(0, this.topRow(side))];
    const before = anchor?.getBoundingClientRect().top ?? 0;
    change();
    this.level();
    this.setGaps();
    if (!anchor?.isConnected) return;
    const moved = anchor.getBoundingClientRect().top - before;
    if (moved) this.place(this.boxes[side], this.boxes[side].scrollTop + moved);
    this.follow(side);
  }

  trim(end) {
    const excess = this.rowsOf(0).length - MAX_ROWS;
    if (excess <= 0) return;
    /** @type {Cursor} */
    const cursor = [...(end === "start" ? this.stop : this.start)];
    for (const side of [0, 1]) {
      const rows = this.rowsOf(side);
      const dropped = end === "start" ? rows.slice(0, excess) : rows.slice(-excess);
      for (const row of dropped) row.remove();
      const kept = this.rowsOf(side).filter((row) => row.id);
      if (end === "start" && kept.length) cursor[side] = numberOf(kept[0]);
      if (end === "end" && kept.length) cursor[side] = numberOf(kept[kept.length - 1]) + 1;
    }
    // Rows with the same number have one cursor.
    if (this.isByLine) cursor.fill(end === "start" ? Math.min(...cursor) : Math.max(...cursor));
    if (end === "start") [this.start, this.isStart] = [cursor, false];
    else [this.stop, this.isEnd] = [cursor, false];
  }

  /**
   * @param {Query} query
   * @returns {Promise<boolean | null>} whether other rows are shown; null if it failed
   */
  async replace(query) {
    clearTimeout(this.jumpTimer);
    this.generation += 1;
    const { generation } = this;
    const fresh = await this.fetchRows(query);
    if (generation !== this.generation || !this.root.isConnected) return false;
    if (!fresh) return null;
    // Rows that were requested since then belong to those that are replaced now.
    this.generation += 1;
    [...fresh.querySelectorAll(".log-lines")].forEach((lines, side) => {
      this.linesOf(side).replaceWith(document.adoptNode(lines));
    });
    this.readState(fresh.dataset);
    this.totals = cursorOf(fresh.dataset.totals);
    this.level();
    this.setGaps();
    this.changed();
    return true;
  }

  /** As `replace`, with a new filter. @param {Query} query */
  async refilter(query) {
    this.isFiltering = true;
    const isShown = await this.replace(query);
    this.isFiltering = false;
    return isShown;
  }

  // Their responses, and a jump to where the scroll bar was, would take the reader back.
  // The lines of a new filter are still shown: without them, those of the old one stay.
  dropEarlierJumps() {
    clearTimeout(this.jumpTimer);
    if (!this.isFiltering) this.generation += 1;
  }

  /** @param {number} side @param {number} number */
  async showLine(side, number) {
    if (this.find(side, number)) this.dropEarlierJumps();
    else {
      if (!(await this.replace({ line: number, of: side ? "right" : "left" }))) return null;
    }
    const line = this.find(side, number);
    if (line) this.scrollTo(side, line, "center");
    return line;
  }

  scrollTo(side, line, block) {
    const box = this.boxes[side];
    const before = box.scrollTop;
    scrollWithin(box, line, block);
    if (box.scrollTop !== before) this.placed.set(box, [box.scrollTop, box.scrollLeft]);
    this.follow(side);
  }

  async showStart() {
    if (this.isStart) this.dropEarlierJumps();
    else if (!(await this.replace({}))) return;
    for (const box of this.boxes) this.place(box, 0);
  }

  async showEnd() {
    if (this.isEnd) this.dropEarlierJumps();
    else if (!(await this.replace({ end: 1 }))) return;
    for (const box of this.boxes) this.place(box, box.scrollHeight);
  }
}
