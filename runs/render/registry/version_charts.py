"""A metric by version as a small SVG, with the versions that aliases point to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from runs.render.formats import align_decimals

WIDTH, HEIGHT = 388, 124
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 8, 16, 24
_PLOT_WIDTH = WIDTH - _LEFT - _RIGHT
_PLOT_BOTTOM = HEIGHT - _BOTTOM
_PLOT_HEIGHT = _PLOT_BOTTOM - _TOP
#: Least distance of two labels of the horizontal axis.
_LABEL_WIDTH = 38
#: Width of a character of an alias, about.
_CHARACTER = 7
#: Aliases whose names are in the chart; others are only dots.
MAX_NAMES = 4
MAX_NAME_CHARS = 18


@dataclass(frozen=True)
class ChartPoint:
    """The metric's value of a version. `series` is the color of a selected version."""

    number: int
    value: float
    text: str
    aliases: tuple[str, ...] = ()
    series: int = 0


@dataclass(frozen=True)
class _Label:
    x: float
    y: float
    anchor: str
    text: str

    @property
    def left(self) -> float:
        width = len(self.text) * _CHARACTER
        return self.x - {"start": 0, "middle": width / 2, "end": width}[self.anchor]

    def overlaps(self, other: _Label) -> bool:
        is_same_line = abs(self.y - other.y) < 14
        ends = (self.left + len(self.text) * _CHARACTER, other.left)
        starts = (other.left + len(other.text) * _CHARACTER, self.left)
        return is_same_line and ends[0] > ends[1] and starts[0] > starts[1]


def draw_version_chart(points: Sequence[ChartPoint], label: str) -> SafeString:
    """Draw the points in the order of their versions; `label` describes the chart."""
    known = [each for each in points if math.isfinite(each.value)]
    if not known:
        return SafeString("")
    low, high = _padded_range([each.value for each in known])
    ticks = _round_numbers(low, high)
    places = [
        (_across(at, len(known)), _down(each.value, low, high))
        for at, each in enumerate(known)
    ]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return format_html(
        '<svg class="version-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '{}{}<path class="line" d="{}"/>{}{}</svg>',
        *(WIDTH, HEIGHT, label),
        _value_axis(ticks, low, high),
        _version_axis(known, [x for x, _y in places]),
        path,
        _dots(known, places),
        _names(known, places),
    )


def _across(at: int, count: int) -> float:
    # A single version stands in the middle.
    share = at / (count - 1) if count > 1 else 0.5
    return _LEFT + 10 + (_PLOT_WIDTH - 20) * share


def _down(value: float, low: float, high: float) -> float:
    # Halves, because the span of two huge values would overflow.
    span = high / 2 - low / 2
    return _PLOT_BOTTOM - _PLOT_HEIGHT * ((value / 2 - low / 2) / span)


def _padded_range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    # One value stands in the middle of an axis. Halves, as above.
    pad = max((high / 2 - low / 2) / 8 or abs(high) / 10, 1e-300)
    ends = (low - pad, high + pad)
    return ends if all(math.isfinite(each) for each in ends) else (low, high)


def _round_numbers(low: float, high: float) -> list[float]:
    """Return two to four round numbers in the range, for the labels of the axis."""
    rough = high / 4 - low / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    # A wider step can have no two multiples in the range.
    for step in (unit * n for n in (10, 5, 4, 2.5, 2, 1)):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last > first:
            return [n * step for n in range(first, last + 1)]
    return [low, high]


def _value_axis(ticks: Sequence[float], low: float, high: float) -> SafeString:
    texts = align_decimals(ticks)
    rows = [
        (f"{_down(each, low, high):.1f}", text)
        for each, text in zip(ticks, texts, strict=True)
    ]
    return format_html_join(
        "",
        '<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end" '
        'dominant-baseline="middle">{}</text>',
        ((_LEFT, y, WIDTH - _RIGHT, _LEFT - 8, y, text) for y, text in rows),
    )


def _version_axis(points: Sequence[ChartPoint], xs: Sequence[float]) -> SafeString:
    shown: list[int] = []
    last = len(points) - 1
    marked = [at for at, each in enumerate(points) if each.aliases or each.series]
    # The first and last version come first, then marked ones, then what has room.
    for at in dict.fromkeys((last, 0, *reversed(marked), *range(last, -1, -1))):
        if all(abs(xs[at] - xs[other]) >= _LABEL_WIDTH for other in shown):
            shown.append(at)
    line = format_html(
        '<path class="axis" d="M{} {}H{}"/>', _LEFT, _PLOT_BOTTOM, WIDTH - _RIGHT
    )
    texts = format_html_join(
        "",
        '<path class="axis" d="M{} {}v4"/><text x="{}" y="{}" '
        'text-anchor="middle">v{}</text>',
        (
            (
                *(f"{xs[at]:.1f}", _PLOT_BOTTOM, f"{xs[at]:.1f}", HEIGHT - 4),
                points[at].number,
            )
            for at in sorted(shown)
        ),
    )
    return format_html("{}{}", line, texts)


def _dots(
    points: Sequence[ChartPoint], places: Sequence[tuple[float, float]]
) -> SafeString:
    return format_html_join(
        "",
        '<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>',
        (
            (_dot_class(each), f"{x:.1f}", f"{y:.1f}", _radius(each), _title(each))
            for each, (x, y) in zip(points, places, strict=True)
        ),
    )


def _dot_class(point: ChartPoint) -> str:
    if point.series:
        return f"series-{point.series}"
    return "aliased" if point.aliases else ""


def _radius(point: ChartPoint) -> str:
    return "4.5" if point.series or point.aliases else "2.5"


def _title(point: ChartPoint) -> str:
    names = "".join(f" @{each}" for each in point.aliases)
    return f"v{point.number}{names}: {point.text}"


def _names(
    points: Sequence[ChartPoint], places: Sequence[tuple[float, float]]
) -> SafeString:
    """Write aliases above or below their dots, where they cover no other name."""
    labels: list[_Label] = []
    aliased = [
        (each, place)
        for each, place in zip(points, places, strict=True)
        if each.aliases
    ]
    for each, (x, y) in reversed(aliased[-MAX_NAMES:]):
        for label in _possible_labels(each, x, y):
            if not any(label.overlaps(other) for other in labels):
                labels.append(label)
                break
    return format_html_join(
        "",
        '<text class="name" x="{}" y="{}" text-anchor="{}">{}</text>',
        ((f"{at.x:.1f}", f"{at.y:.1f}", at.anchor, at.text) for at in labels),
    )


def _possible_labels(point: ChartPoint, x: float, y: float) -> Iterable[_Label]:
    name = ", ".join(f"@{each}" for each in point.aliases)
    text = name if len(name) <= MAX_NAME_CHARS else f"{name[:MAX_NAME_CHARS]}…"
    half = len(text) * _CHARACTER / 2
    anchor, left = "middle", x
    if x + half > WIDTH - 4:
        anchor, left = "end", min(x + 8, WIDTH - 4.0)
    elif x - half < _LEFT:
        anchor, left = "start", x - 8
    above, below = y - 9, y + 19
    if above >= 10:
        yield _Label(left, above, anchor, text)
    if below <= _PLOT_BOTTOM - 2:
        yield _Label(left, below, anchor, text)
