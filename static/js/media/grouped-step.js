/**
 * A step as the server writes it: with its digits in groups. Steps can have 64 bits.
 * @param {string} step
 */
export const grouped = (step) =>
  step && BigInt(step).toLocaleString(document.documentElement.lang || undefined);
