// The range of numbers that was drawn on a histogram.

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
