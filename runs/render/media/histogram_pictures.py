"""A logged histogram as a picture: `{"edges": […], "counts": […]}`, one edge more."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs.render.formats import number

MAX_BINS = 1000
#: The picture's size in its own units; the page stretches it.
WIDTH, HEIGHT = 640, 160


@dataclass(frozen=True)
class LoggedHistogram:
    """`edges` are finite and ascend; `counts` are finite and not negative."""

    edges: Sequence[float]
    counts: Sequence[float]

    @property
    def total(self) -> float:
        return sum(self.counts)


def parse_histogram(text: str) -> LoggedHistogram | None:
    """Return the histogram; None if the document is not a valid one."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    edges, counts = _numbers(document.get("edges")), _numbers(document.get("counts"))
    if edges is None or counts is None or len(edges) != len(counts) + 1:
        return None
    if not 1 <= len(counts) <= MAX_BINS or min(counts) < 0:
        return None
    ascends = all(low < high for low, high in pairwise(edges))
    return LoggedHistogram(edges, counts) if ascends else None


def _numbers(values: Any) -> list[float] | None:
    if not isinstance(values, list):
        return None
    numbers = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        try:
            numbers.append(float(value))
        except OverflowError:
            return None
    return numbers if all(map(math.isfinite, numbers)) else None


def histogram_svg(histogram: LoggedHistogram, label: str) -> SafeString:
    """Draw the bars; `label` names the picture for screen readers."""
    low, high = histogram.edges[0], histogram.edges[-1]
    # Halves, because the difference of two huge numbers would overflow.
    width = high / 2 - low / 2
    top = max(histogram.counts) or 1
    path = "".join(
        _bar_path(
            (histogram.edges[at] / 2 - low / 2) / width * WIDTH,
            (histogram.edges[at + 1] / 2 - low / 2) / width * WIDTH,
            count / top * HEIGHT,
        )
        for at, count in enumerate(histogram.counts)
        if count
    )
    return format_html(
        '<svg class="media-histogram" viewBox="0 0 {} {}" preserveAspectRatio="none" '
        'role="img" aria-label="{}"><path d="{}"/></svg>',
        *(WIDTH, HEIGHT, label, path),
    )


def _bar_path(left: float, right: float, height: float) -> str:
    # A unit between bars, unless they are thinner than that.
    gap = 1 if right - left > 3 else 0
    top = HEIGHT - max(height, 1)
    return f"M{left:.1f} {HEIGHT}V{top:.1f}H{right - gap:.1f}V{HEIGHT}Z"


def range_label(histogram: LoggedHistogram) -> str:
    return f"{number(histogram.edges[0])} – {number(histogram.edges[-1])}"
