// The range of numbers or dates that was drawn on a histogram.

const DAY_MS = 86_400_000;

/**
 * The dates below two positions: days, or minutes in a short range.
 * @param {number} low @param {number} high the ends of the histogram in microseconds
 * @param {number} from @param {number} to parts of its width, from 0 to 1
 * @returns {[string, string]}
 */
export function brushedDates(low, high, from, to) {
  const at = (/** @type {number} */ part) =>
    (low + (high - low) * Math.min(1, Math.max(0, part))) / 1000;
  const length = (high - low) / 1000 > 3 * DAY_MS ? 10 : 16;
  const text = (/** @type {number} */ moment) => new Date(moment).toISOString().slice(0, length);
  return [text(at(Math.min(from, to))), text(at(Math.max(from, to)))];
}

/**
 * The numbers below two positions, rounded to what a pixel can tell.
 * @param {number} low @param {number} high the ends of the histogram
 * @param {number} from @param {number} to parts of its width, from 0 to 1
 * @returns {[string, string]}
 */
export function brushedRange(low, high, from, to) {
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  const at = (/** @type {number} */ part) => low * (1 - part) + high * part;
  const step = (high - low) / 200;
  const digits = step > 0 ? Math.min(12, Math.max(0, Math.ceil(-Math.log10(step)))) : 0;
  const isSmall = digits >= 12 || Math.abs(at(right)) >= 1e12;
  const text = (/** @type {number} */ value) =>
    isSmall ? String(Number(value.toPrecision(6))) : value.toFixed(digits);
  return [text(at(Math.max(0, left))), text(at(Math.min(1, right)))];
}
