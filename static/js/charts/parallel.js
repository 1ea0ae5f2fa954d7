// Parallel coordinates: an axis a field, a line a run. A stretch of an axis is chosen by
// dragging along it, or by its two handles and the arrow keys; then the list is asked
// for the runs within it.

const NS = "http://www.w3.org/2000/svg";
const TOP = 36;
const BOTTOM = 16;
const LEFT = 72;
const RIGHT = 56;
const STEP = 0.05;

function made(name, attributes = {}, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// What is being chosen, which stays when new values arrive, until it was requested.
const begun = new WeakMap();

export function drawParallel(plot, figure, { color, brushed }) {
  const width = Math.max(plot.clientWidth, 240);
  const height = Math.max(plot.clientHeight, 160);
  const svg = made("svg", { class: "parallel", width, height, viewBox: `0 0 ${width} ${height}` });
  const room = (width - LEFT - RIGHT) / Math.max(figure.axes.length - 1, 1);
  const x = (at) => LEFT + at * room;
  const y = (share) => height - BOTTOM - share * (height - TOP - BOTTOM);
  const names = JSON.stringify(figure.axes.map((axis) => axis.name));
  const held = begun.get(plot);
  const chosen = held?.names === names ? held.chosen : figure.axes.map(() => null);
  begun.set(plot, { names, chosen });
  const lines = made("g", { class: "runs-of" });
  const paths = figure.lines.map((line) => {
    const path = made("path", {
      d: trail(line.at, x, y),
      stroke: color(line.series),
      "data-run": line.run,
    });
    path.append(
      made(
        "title",
        {},
        [line.key, ...figure.axes.map((axis, at) => `${axis.label}: ${line.told[at]}`)].join("\n"),
      ),
    );
    lines.append(path);
    return path;
  });
  svg.append(lines);

  const fade = () => {
    figure.lines.forEach((line, n) => {
      const out = chosen.some(
        (ends, at) =>
          ends && !(line.at[at] !== null && line.at[at] >= ends[0] && line.at[at] <= ends[1]),
      );
      paths[n].classList.toggle("out", out);
    });
  };
  figure.axes.forEach((axis, at) => {
    const group = made("g", { transform: `translate(${x(at)} 0)` });
    group.append(made("line", { class: "axis", y1: y(1), y2: y(0) }));
    const end = at === 0 ? "start" : at === figure.axes.length - 1 ? "end" : "middle";
    // Seven pixels a letter; those at the sides begin outside and leave the next its half.
    const most = Math.max(4, Math.floor(Math.min(room - 6, (room + RIGHT - 14) / 1.5) / 7));
    const name = made(
      "text",
      {
        class: "axis-name",
        x: end === "start" ? 8 - LEFT : end === "end" ? RIGHT - 8 : 0,
        y: 16,
        "text-anchor": end,
      },
      axis.label.length > most ? `${axis.label.slice(0, most - 1)}…` : axis.label,
    );
    name.append(made("title", {}, axis.label));
    group.append(name);
    for (const [share, text] of axis.ticks)
      group.append(
        made(
          "text",
          { class: "tick", x: -6, y: y(share) + 4, "text-anchor": "end" },
          text.length > 8 ? `${text.slice(0, 7)}…` : text,
        ),
      );
    brush(group, axis, at);
    svg.append(group);
  });
  const focused = [...plot.querySelectorAll(".handle")].indexOf(document.activeElement);
  plot.replaceChildren(svg);
  plot.querySelectorAll(".handle")[focused]?.focus({ preventScroll: true });

  function brush(group, axis, at) {
    const area = made("rect", {
      class: "brush-area",
      x: -12,
      width: 24,
      y: y(1) - 8,
      height: y(0) - y(1) + 16,
    });
    const band = made("rect", { class: "brush", x: -6, width: 12, y: 0, height: 0 });
    const handles = [0, 1].map((end) =>
      made("rect", {
        class: "handle",
        x: -8,
        width: 16,
        height: 6,
        rx: 2,
        tabindex: 0,
        role: "slider",
        "aria-orientation": "vertical",
        "aria-label": `${axis.label} ${end ? "≤" : "≥"}`,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
      }),
    );
    group.append(area, band, ...handles);
    const draw = () => {
      const ends = chosen[at] ?? [0, 1];
      band.setAttribute("y", y(ends[1]));
      band.setAttribute("height", chosen[at] ? y(ends[0]) - y(ends[1]) : 0);
      handles.forEach((handle, end) => {
        handle.setAttribute("y", y(ends[end]) - 3);
        handle.setAttribute("aria-valuenow", Math.round(ends[end] * 100));
        handle.setAttribute("aria-valuetext", axisValue(axis, ends[end]));
      });
      fade();
    };
    draw();
    const apply = () => {
      if (!chosen[at]) return;
      const terms = [["field", axis.name]];
      if (axis.words.length) terms.push(...words(axis, chosen[at]).map((word) => ["word", word]));
      else {
        // An end that was not moved leaves the range open: NaN and Infinity lie beyond.
        if (chosen[at][0] > 0) terms.push(["low", value(axis, chosen[at][0])]);
        if (chosen[at][1] < 1) terms.push(["high", value(axis, chosen[at][1])]);
      }
      if (terms.length < 2) return;
      begun.delete(plot);
      brushed(terms);
    };
    const share = (event) => {
      const box = svg.getBoundingClientRect();
      const place = ((event.clientY - box.top) * height) / box.height;
      return Math.min(Math.max((height - BOTTOM - place) / (height - TOP - BOTTOM), 0), 1);
    };
    area.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      const start = share(event);
      area.setPointerCapture(event.pointerId);
      const move = (now) => {
        chosen[at] = [start, share(now)].sort((a, b) => a - b);
        draw();
      };
      const stop = (now) => {
        area.removeEventListener("pointermove", move);
        const wide = chosen[at] && chosen[at][1] - chosen[at][0] > 0.01;
        if (!wide || now.type === "pointercancel") chosen[at] = null;
        draw();
        if (wide && now.type === "pointerup") apply();
      };
      area.addEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"])
        area.addEventListener(name, stop, { once: true });
    });
    for (const [end, handle] of handles.entries()) {
      handle.addEventListener("keydown", (event) => {
        const step = { ArrowUp: STEP, ArrowDown: -STEP, PageUp: 5 * STEP, PageDown: -5 * STEP }[
          event.key
        ];
        if (event.key === "Enter") apply();
        else if (event.key === "Escape") chosen[at] = null;
        else if (step) {
          const ends = [...(chosen[at] ?? [0, 1])];
          ends[end] = Math.min(Math.max(ends[end] + step, end ? ends[0] : 0), end ? 1 : ends[1]);
          chosen[at] = ends;
        } else return;
        event.preventDefault();
        draw();
      });
    }
  }
}

function trail(places, x, y) {
  let gap = true;
  return places
    .map((share, at) => {
      if (share === null) {
        gap = true;
        return "";
      }
      const part = `${gap ? "M" : "L"}${x(at).toFixed(1)} ${y(Math.min(share, 1.06)).toFixed(1)}`;
      gap = false;
      return part;
    })
    .join("");
}

function value({ low, high, log }, share) {
  const at = log
    ? Math.exp(Math.log(low) + (Math.log(high) - Math.log(low)) * share)
    : low * (1 - share) + high * share;
  // Four digits of what tells one place from another: times differ in their last ones.
  const more = log ? 0 : Math.log10(Math.max(Math.abs(low), Math.abs(high)) / (high - low));
  return String(Number(at.toPrecision(Math.min(4 + Math.max(0, Math.ceil(more) || 0), 16))));
}

const words = (axis, [low, high]) =>
  axis.words.filter((_, at) => {
    const share = axis.words.length > 1 ? at / (axis.words.length - 1) : 0.5;
    return share >= low && share <= high;
  });

function axisValue(axis, share) {
  if (!axis.words.length) return value(axis, share);
  return axis.words[Math.round(share * (axis.words.length - 1))];
}
