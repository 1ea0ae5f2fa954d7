"""The color scale of a Plotly trace: from a value to its color."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Scales by name, as evenly spaced colors; any other name is the first one.
_SCALES = {
    "viridis": "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
    "plasma": "0d0887 46039f 7201a8 9c179e bd3786 d8576b ed7953 fb9f3a fdca26 f0f921",
    "inferno": "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
    "magma": "000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf",
    "cividis": "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
    "blues": "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
    "reds": "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d",
    "greens": "f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b",
    "greys": "ffffff f0f0f0 d9d9d9 bdbdbd 969696 737373 525252 252525 000000",
    "rdbu": "67001f b2182b d6604d f4a582 fddbc7 d1e5f0 92c5de 4393c3 2166ac 053061",
}
_HEX = re.compile(r"#([0-9a-f]{6})", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\b")
_MAX_STOPS = 64
_LARGEST = 1e300

Color = tuple[int, int, int]


@dataclass(frozen=True)
class ColorScale:
    """`stops` are positions from 0 to 1 with their colors, in order."""

    low: float
    high: float
    stops: Sequence[tuple[float, Color]]

    def color(self, value: float) -> str:
        span = self.high - self.low
        share = min(max((value - self.low) / span, 0.0), 1.0) if span > 0 else 0.5
        before = self.stops[0]
        for stop in self.stops:
            if stop[0] >= share:
                return _hex(_mixed(before, stop, share))
            before = stop
        return _hex(before[1])


def read_scale(
    trace: Mapping[str, Any], layout: Mapping[str, Any], values: Sequence[float]
) -> ColorScale:
    """Return the scale of a trace, or of the color axis that it names."""
    name = trace.get("coloraxis")
    axis = layout.get(name) if isinstance(name, str) else None
    axis = axis if isinstance(axis, dict) else {}
    low = _number(trace.get("zmin"), axis.get("cmin"), min(values, default=0))
    high = _number(trace.get("zmax"), axis.get("cmax"), max(values, default=1))
    stops = _stops(trace.get("colorscale") or axis.get("colorscale"))
    if trace.get("reversescale") or axis.get("reversescale"):
        stops = [(1 - at, color) for at, color in reversed(stops)]
    return ColorScale(low, high, stops)


def _number(*values: object) -> float:
    for value in values:
        if _is_finite(value):
            return float(value)  # type: ignore[arg-type]
    return 0.0


def _is_finite(value: object) -> bool:
    # An integer in JSON can be larger than any float.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < _LARGEST  # type: ignore[arg-type]


def _stops(scale: object) -> list[tuple[float, Color]]:
    if isinstance(scale, list):
        found = [
            (float(stop[0]), color)
            for stop in scale[:_MAX_STOPS]
            if isinstance(stop, list | tuple)
            and len(stop) == 2
            and _is_finite(stop[0])
            and (color := _color(stop[1])) is not None
        ]
        if len(found) >= 2:
            return sorted(found)
    name = scale.lower() if isinstance(scale, str) else ""
    is_reversed = name.endswith("_r")
    names = _SCALES.get(name.removesuffix("_r")) or _SCALES["viridis"]
    colors = [_parts(each) for each in names.split()]
    if is_reversed:
        colors.reverse()
    return [(at / (len(colors) - 1), color) for at, color in enumerate(colors)]


def _color(text: object) -> Color | None:
    if not isinstance(text, str):
        return None
    if match := _HEX.fullmatch(text):
        return _parts(match[1])
    if match := _RGB.match(text):
        red, green, blue = (min(int(part), 255) for part in match.groups())
        return red, green, blue
    return None


def _parts(digits: str) -> Color:
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _mixed(
    before: tuple[float, Color], after: tuple[float, Color], share: float
) -> Color:
    width = after[0] - before[0]
    part = (share - before[0]) / width if width > 0 else 0.0
    red, green, blue = (
        round(one + (other - one) * part)
        for one, other in zip(before[1], after[1], strict=True)
    )
    return red, green, blue


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
