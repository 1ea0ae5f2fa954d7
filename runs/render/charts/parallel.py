"""Parallel coordinates as plain JSON, which the page's script draws: an axis a field,
a line a run, and where each run crosses each axis, from 0 (bottom) to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from runs.render.charts.axes import clock_time
from runs.render.charts.scatter_and_bars import ChartDot, Value
from runs.render.formats import nonfinite_word, number

#: The most texts that an axis names.
MAX_WORDS = 12
TICK_COUNT = 4
#: From this ratio of max to min on, an axis is logarithmic by default.
LOG_SCALE_RATIO = 50
DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS


@dataclass(frozen=True)
class Dimension:
    """An axis: the field's name in the filter, its label, the value of each run."""

    name: str
    label: str
    values: tuple[Value, ...]
    log: bool = False
    #: Where its values are times in ms, the reader's.
    clock: tzinfo | None = None


def parallel_figure(
    dots: Sequence[ChartDot], axes: Sequence[Dimension]
) -> dict[str, Any]:
    scales = [_build_scale(axis) for axis in axes]
    lines = [
        {
            "series": dot.number,
            "key": dot.name,
            "run": dot.run_id,
            "at": [
                scale.position_of(axis.values[row])
                for axis, scale in zip(axes, scales, strict=True)
            ],
            "told": [_value_label(axis.values[row], axis.clock) for axis in axes],
        }
        for row, dot in enumerate(dots)
    ]
    return {
        "kind": "parallel",
        "axes": [
            {
                "name": axis.name,
                "label": axis.label,
                "low": scale.low,
                "high": scale.high,
                "log": scale.log,
                "words": scale.words,
                "ticks": scale.ticks(),
            }
            for axis, scale in zip(axes, scales, strict=True)
        ],
        "lines": lines,
    }


@dataclass(frozen=True)
class _AxisScale:
    low: float
    high: float
    log: bool
    words: tuple[str, ...] = ()
    clock: tzinfo | None = None

    def position_of(self, value: Value) -> float | None:
        """None where the run has no place on the axis; NaN and Infinity stand above."""
        if isinstance(value, str):
            return self._word_position(value)
        return None if value is None else self._number_position(value)

    def _word_position(self, word: str) -> float | None:
        if word not in self.words:
            return None
        count = len(self.words) - 1
        return round(self.words.index(word) / count, 5) if count else 0.5

    def _number_position(self, value: float) -> float:
        if not math.isfinite(value) or (self.log and value <= 0):
            # Above the axis, as marks at the top edge of other charts.
            return 1.1
        if self.low == self.high:
            return 0.5
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        # Halves, because the span of two huge values would overflow.
        return round((value / 2 - low / 2) / (high / 2 - low / 2), 5)

    def ticks(self) -> list[tuple[float, str]]:
        if self.words:
            shown = self.words[:MAX_WORDS]
            return [(self.position_of(word) or 0.0, word) for word in shown]
        if self.low == self.high:
            return [(0.5, self._tick_label(self.low))]
        shares = [at / TICK_COUNT for at in range(TICK_COUNT + 1)]
        return [(share, self._tick_label(self.value_at(share))) for share in shares]

    def _tick_label(self, value: float) -> str:
        """In a few letters: of a time what tells it from the others."""
        if self.clock is None:
            return number(value)
        day, time = clock_time(value, self.clock).split(" ")
        span = self.high - self.low
        return time if span < DAY_MS else day[5:] if span < YEAR_MS else day[:7]

    def value_at(self, share: float) -> float:
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return math.exp(low + (high - low) * share)
        return self.low * (1 - share) + self.high * share


def _build_scale(axis: Dimension) -> _AxisScale:
    words = [value for value in axis.values if isinstance(value, str)]
    # One text makes the axis one of texts: numbers and words have no common order.
    if words:
        return _AxisScale(0, 1, log=False, words=tuple(sorted(set(words))))
    numbers = [v for v in axis.values if isinstance(v, float) and math.isfinite(v)]
    if not numbers:
        return _AxisScale(0.0, 0.0, log=False)
    if axis.clock:
        return _AxisScale(min(numbers), max(numbers), log=False, clock=axis.clock)
    low, high = min(numbers), max(numbers)
    positive = [value for value in numbers if value > 0]
    if (axis.log and positive) or (low > 0 and high / low >= LOG_SCALE_RATIO):
        return _AxisScale(min(positive), high, log=True)
    return _AxisScale(low, high, log=False)


def _value_label(value: Value, clock: tzinfo | None) -> str:
    if isinstance(value, float):
        if clock:
            return clock_time(value, clock)
        return number(value) if math.isfinite(value) else nonfinite_word(value)
    return "–" if value is None else value
