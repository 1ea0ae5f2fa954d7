// Durations of what has not ended go on, as the server writes them: `runs/render/times.py`
// has the same rules, and the words come from there.

const patterns = JSON.parse(document.querySelector("[data-spans]").dataset.spans);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (amount) => String(amount).padStart(2, "0");
const written = (units, amounts) =>
  patterns[units].replace(/%\((\w+)\)s/g, (_, unit) => amounts[unit]);

// Two units at most.
export function duration(length) {
  if (length < 10 * SECOND)
    return written("s", { s: (Math.floor(Math.max(length, 0) / 100) / 10).toFixed(1) });
  if (length < 10 * MINUTE) return exactDuration(length);
  if (length < HOUR) return written("min", { min: Math.floor(length / MINUTE) });
  const [hours, minutes] = [Math.floor(length / HOUR), Math.floor((length % HOUR) / MINUTE)];
  if (length < 2 * DAY) return written("h min", { h: hours, min: two(minutes) });
  return written("d h", { d: Math.floor(hours / 24), h: hours % 24 });
}

// To the second.
export function exactDuration(length) {
  const whole = Math.floor(Math.max(length, 0) / SECOND);
  const [hours, minutes, seconds] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (hours) return written("h min s", { h: hours, min: two(minutes), s: two(seconds) });
  return minutes
    ? written("min s", { min: minutes, s: two(seconds) })
    : written("s", { s: seconds });
}

setInterval(() => {
  if (document.hidden) return;
  for (const clock of document.querySelectorAll("[data-ticking]")) {
    const length = Date.now() - Number(clock.dataset.ticking);
    const text = clock.hasAttribute("data-exact") ? exactDuration(length) : duration(length);
    if (clock.textContent !== text) clock.textContent = text;
  }
  for (const clock of document.querySelectorAll("[data-countdown]")) {
    const text = exactDuration(Number(clock.dataset.countdown) - Date.now());
    if (clock.textContent !== text) clock.textContent = text;
  }
}, 1000);
