// The lines of a log that are loaded: a window over the file. Gaps before and after it have
// the height of the lines that are not loaded, so that the scroll bar is that of the whole
// file. Scrolling near an end loads more lines there and drops lines at the other end.

const ROW_PX = 20;
const PAGE_LINES = 400;
const MAX_LINES = 1600;
const NEAR_PX = 1200;
const JUMP_DELAY_MS = 90;
// Other searches had all turns of the server: the same is asked again after this time.
const BUSY_MS = 1000;
// Browsers limit the height of an element: the gaps of very long files are scaled.
const MAX_GAP_PX = 6_000_000;

/** @typedef {Record<string, string | number>} Query parameters of a request for lines */

export class LogLines {
  /**
   * @param {HTMLElement} root
   * @param {() => Query} filter what every request has: the filter of lines, if any
   */
  constructor(root, filter) {
    this.root = root;
    this.filter = filter;
    this.box = /** @type {HTMLElement} */ (root.querySelector(".log-lines-box"));
    this.address = root.dataset.lines;
    this.generation = 0;
    this.isLoading = false;
    this.isFiltering = false;
    // Whether the reader went on to other lines that are missing, during a load.
    this.isMoreWanted = false;
    this.listeners = [];
    // Other parts of the viewer set these.
    this.onCount = (/** @type {number} */ _size) => {};
    this.onReplaced = () => {};
    this.onBusy = (/** @type {boolean} */ _isBusy) => {};
    this.onUserScroll = (/** @type {boolean} */ _isUp) => {};
    this.lastTop = 0;
    /** The newest response, which has the counts of the whole log. */
    this.latest = this.lines;
    this.readState(this.lines);
    this.setGaps();
    this.box.addEventListener("scroll", () => this.onScroll(), { passive: true });
  }

  get lines() {
    return /** @type {HTMLElement} */ (this.box.querySelector(".log-lines"));
  }
  get isFiltered() {
    return Object.keys(this.filter()).length > 0;
  }
  get isAtEnd() {
    return this.isWindowAtEnd && this.distanceToEnd() < ROW_PX * 2;
  }

  /** Call this after each change of the lines. */
  onChange(listener) {
    this.listeners.push(listener);
  }
  changed() {
    for (const listener of this.listeners) listener();
  }

  readState(element) {
    const { first, last, total, size, file, end } = element.dataset;
    this.first = Number(first);
    this.last = Number(last);
    this.total = Number(total);
    this.size = Number(size);
    this.file = file;
    this.isWindowAtEnd = end === "1";
    this.isWindowAtStart = this.first <= 1;
    if (this.isFiltered) this.readSearched(element);
  }

  // Which lines a filter has looked at.
  readSearched(element, side = "") {
    const { searchedFrom, searchedTo, total } = element.dataset;
    if (side !== "after") this.searchedFrom = Number(searchedFrom);
    if (side !== "before") this.searchedTo = Number(searchedTo);
    this.isWindowAtStart = this.searchedFrom <= 1;
    this.isWindowAtEnd = this.searchedTo > Number(total);
  }

  /**
   * @param {Query} query
   * @returns {Promise<HTMLElement | null>} the lines; null if the log can't be read now
   */
  async fetchLines(query) {
    const { generation } = this;
    let fresh = await this.requestLines(query);
    while (fresh?.dataset.busy === "1") {
      this.onBusy(true);
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      if (generation !== this.generation || !this.root.isConnected) return null;
      fresh = await this.requestLines(query);
    }
    if (generation === this.generation) this.onBusy(false);
    if (fresh) this.latest = fresh;
    return fresh;
  }

  async requestLines(query) {
    const address = new URL(this.address, location.href);
    for (const [name, value] of Object.entries({ ...this.filter(), ...query }))
      address.searchParams.set(name, String(value));
    const response = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!response?.ok) return null;
    return parseLines(await response.text());
  }

  // How many pixels stand for a line that is not loaded.
  get gapRow() {
    return Math.min(ROW_PX, MAX_GAP_PX / Math.max(this.total, 1));
  }

  setGaps() {
    const [before, after] = this.box.querySelectorAll(".log-gap");
    const isWhole = this.isFiltered || !this.total;
    const height = (count) => `${isWhole ? 0 : Math.max(0, count) * this.gapRow}px`;
    before.style.height = height(this.first - 1);
    after.style.height = height(this.total - this.last);
  }

  distanceToEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  /** The number of the first line that is visible; 0 if none is. */
  topLine() {
    const line = this.topElement();
    return line ? numberOf(line) : 0;
  }
  topElement() {
    const top = this.box.getBoundingClientRect().top;
    const all = this.lines.querySelectorAll(".line");
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    return all[low] ?? null;
  }

  // Change the lines without moving what the reader looks at.
  keepPlace(change) {
    const anchor = this.topElement();
    const before = anchor?.getBoundingClientRect().top;
    change();
    this.setGaps();
    if (!anchor?.isConnected) return;
    const moved = anchor.getBoundingClientRect().top - before;
    if (moved) this.box.scrollTop += moved;
    this.lastTop = this.box.scrollTop;
  }

  onScroll() {
    const isUp = this.box.scrollTop < this.lastTop - 2;
    this.lastTop = this.box.scrollTop;
    if (this.isPlacing) return;
    this.onUserScroll(isUp);
    this.loadNear();
  }

  // Load what the reader sees, or soon will.
  loadNear() {
    clearTimeout(this.jumpTimer);
    const start = this.lines.offsetTop - this.box.offsetTop;
    const end = start + this.lines.offsetHeight;
    const [top, bottom] = [this.box.scrollTop, this.box.scrollTop + this.box.clientHeight];
    if (!this.isFiltered && (bottom < start - NEAR_PX || top > end + NEAR_PX)) {
      this.jumpTimer = setTimeout(() => this.jumpToPosition(), JUMP_DELAY_MS);
    } else if (end - bottom < NEAR_PX && !this.isWindowAtEnd) this.loadAfter();
    else if (top - start < NEAR_PX && !this.isWindowAtStart) this.loadBefore();
  }

  // The scroll bar was dragged into a gap.
  jumpToPosition() {
    const start = this.lines.offsetTop - this.box.offsetTop;
    const top = this.box.scrollTop;
    const end = start + this.lines.offsetHeight;
    const line =
      top < start
        ? Math.floor(top / this.gapRow) + 1
        : this.last + Math.floor((top - end) / this.gapRow) + 1;
    this.showLine(Math.max(1, Math.min(line, this.total)), { block: "start" });
  }

  async loadAfter() {
    const line = this.isFiltered ? this.searchedTo : this.last + 1;
    await this.load({ line, count: PAGE_LINES }, (fresh) => {
      const fits = [...fresh.querySelectorAll(".line")].filter(
        (line) => numberOf(line) > this.last,
      );
      this.lines.append(...fits);
      this.takeEnd(fresh, fits);
      if (this.isFiltered) this.readSearched(fresh, "after");
      else this.trim("start");
    });
  }

  async loadBefore() {
    const before = this.isFiltered ? this.searchedFrom : this.first;
    await this.load({ before, count: PAGE_LINES }, (fresh) => {
      const fits = [...fresh.querySelectorAll(".line")].filter((each) => numberOf(each) < before);
      const heads = this.lines.querySelector(".line-heads");
      if (heads) heads.after(...fits);
      else this.lines.prepend(...fits);
      if (fits.length) this.first = numberOf(fits[0]);
      if (this.isFiltered) return this.readSearched(fresh, "before");
      this.isWindowAtStart = this.first <= 1 || !fits.length;
      this.trim("end");
    });
  }

  /** Search backward until a filter has found as many lines as the reader sees. */
  async fillView() {
    const { generation } = this;
    let from = 0;
    // A response that got no further is tried again when the reader scrolls.
    while (generation === this.generation && !this.isWindowAtStart && from !== this.searchedFrom) {
      if (this.lines.offsetHeight > this.box.clientHeight || !this.root.isConnected) return;
      from = this.searchedFrom;
      await this.loadBefore();
    }
  }

  async load(query, insert) {
    if (this.isLoading) {
      this.isMoreWanted = true;
      return;
    }
    this.isLoading = true;
    const { generation } = this;
    const fresh = await this.fetchLines(query);
    this.isLoading = false;
    this.insertLoaded(fresh, generation, insert);
    if (!this.isMoreWanted) return;
    this.isMoreWanted = false;
    if (this.root.isConnected) this.loadNear();
  }

  insertLoaded(fresh, generation, insert) {
    if (!fresh || generation !== this.generation || !this.root.isConnected) return;
    if (fresh.dataset.file !== this.file) {
      this.onReplaced();
      return;
    }
    this.keepPlace(() => insert(fresh));
    this.changed();
  }

  removeFrom(number) {
    for (const line of this.lines.querySelectorAll(".line"))
      if (numberOf(line) >= number) line.remove();
  }

  takeEnd(fresh, added) {
    if (added.length) this.last = numberOf(added.at(-1));
    this.total = Number(fresh.dataset.total);
    this.isWindowAtEnd = fresh.dataset.end === "1" || !added.length;
  }

  trim(side) {
    const all = [...this.lines.querySelectorAll(".line")];
    const excess = all.length - MAX_LINES;
    if (excess <= 0) return;
    const dropped = side === "start" ? all.slice(0, excess) : all.slice(-excess);
    const kept = side === "start" ? all.slice(excess) : all.slice(0, -excess);
    for (const line of dropped) line.remove();
    this.first = numberOf(kept[0]);
    this.last = numberOf(kept.at(-1));
    if (side === "start") this.isWindowAtStart = false;
    else this.isWindowAtEnd = false;
  }

  /**
   * Replace all lines by others.
   * @param {Query} query
   * @returns {Promise<boolean>} whether they are shown
   */
  async replaceLines(query) {
    clearTimeout(this.jumpTimer);
    this.generation += 1;
    const { generation } = this;
    const fresh = await this.fetchLines(query);
    if (!fresh || generation !== this.generation || !this.root.isConnected) return false;
    // Lines that were requested since then belong to those that are replaced now.
    this.generation += 1;
    this.lines.replaceWith(fresh);
    this.readState(fresh);
    this.setGaps();
    this.changed();
    return true;
  }

  /** Show the last lines of a new filter. @returns {Promise<boolean>} */
  async refilter() {
    this.isFiltering = true;
    const isShown = await this.replaceLines({ end: 1 });
    this.isFiltering = false;
    return isShown;
  }

  // Their responses, and a jump to where the scroll bar was, would take the reader back.
  // The lines of a new filter are still shown: without them, those of the old one stay.
  dropEarlierJumps() {
    clearTimeout(this.jumpTimer);
    if (!this.isFiltering) this.generation += 1;
  }

  find(number) {
    return this.lines.querySelector(`[id="L${number}"]`);
  }

  /**
   * Scroll to a line, which is loaded if it is not yet.
   * @param {number} number
   * @param {{ block?: ScrollLogicalPosition }} [how]
   * @returns {Promise<Element | null>}
   */
  async showLine(number, { block = "center" } = {}) {
    let line = this.find(number);
    if (line) this.dropEarlierJumps();
    else {
      const query = { line: number, above: PAGE_LINES / 2, count: PAGE_LINES };
      if (!(await this.replaceLines(query))) return null;
      line = this.find(number);
    }
    if (line) this.place(() => scrollWithin(this.box, line, block));
    return line;
  }

  async showStart() {
    if (this.isWindowAtStart) this.dropEarlierJumps();
    else if (!(await this.replaceLines({ line: 1, count: PAGE_LINES }))) return;
    this.place(() => {
      this.box.scrollTop = 0;
    });
  }

  /** @returns {Promise<boolean>} whether no later jump came in between */
  async showEnd() {
    if (this.isWindowAtEnd) this.dropEarlierJumps();
    else if (!(await this.replaceLines({ end: 1, count: PAGE_LINES }))) return false;
    this.scrollToEnd();
    return true;
  }

  scrollToEnd() {
    this.place(() => {
      this.box.scrollTop = this.box.scrollHeight;
    });
  }

  // Scroll without taking it for the reader's own scrolling.
  place(scroll) {
    this.isPlacing = true;
    scroll();
    const placed = this.box.scrollTop;
    this.placedTop = placed;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        this.isPlacing = false;
        // The reader has scrolled on already.
        const isElsewhere = Math.abs(this.box.scrollTop - placed) > 2;
        if (isElsewhere && placed === this.placedTop) this.loadNear();
      }),
    );
  }

  /** Add lines that have come; the unfinished last line is replaced by its new state. */
  appendNews(fresh) {
    const news = [...fresh.querySelectorAll(".line")];
    const [from, to] = this.isFiltered
      ? [Number(fresh.dataset.searchedFrom), this.searchedTo]
      : [Number(fresh.dataset.first), this.last + 1];
    if (from > to) {
      // More has come than one response has.
      this.lines.replaceWith(fresh);
      this.readState(fresh);
    } else {
      // Its new state may not match.
      if (this.isFiltered) this.removeFrom(from);
      for (const line of news) {
        const old = this.find(numberOf(line));
        if (old) old.replaceWith(line);
        else this.lines.append(line);
      }
      this.takeEnd(fresh, news);
      if (this.isFiltered) this.readSearched(fresh, "after");
      this.isWindowAtEnd = true;
      this.trim("start");
    }
    this.size = Number(fresh.dataset.size);
    this.setGaps();
    this.changed();
  }
}

/**
 * Scroll a box to one of its elements, and nothing around the box.
 * @param {Element} box
 * @param {Element} element
 * @param {ScrollLogicalPosition} block
 */
export function scrollWithin(box, element, block) {
  const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
  const room = box.clientHeight - inner.height;
  const above = inner.top - outer.top;
  if (block === "center") box.scrollTop += above - room / 2;
  else if (block === "start" || above < 0) box.scrollTop += above;
  else if (above > room) box.scrollTop += above - room;
}

/** The lines of a fragment. */
export function parseLines(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".log-lines");
  return fresh && /** @type {HTMLElement} */ (document.adoptNode(fresh));
}

export const numberOf = (line) => Number(line.id.slice(1));
