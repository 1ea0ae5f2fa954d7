"""The panel of metrics that have one value each: a table with bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import Metric
from runs.render.metrics import DisplayValue, display_last
from runs.search.metrics import has_numbers


@dataclass(frozen=True)
class SingleValue:
    """A row: a metric with its only value; `percent` is the length of its bar."""

    key: str
    step: int
    value: DisplayValue
    percent: int | None


def has_single_value(head: Metric) -> bool:
    return head.count == 1 and has_numbers(head)


def single_values(heads: Sequence[Metric]) -> list[SingleValue]:
    """Return the rows.

    Bars of fractions are shares of 1, so that they tell how good a score is. All other
    values are compared with the largest of them.
    """
    numbers = [math.nan if head.last is None else head.last for head in heads]
    sizes = [abs(each) for each in numbers if math.isfinite(each) and abs(each) > 1]
    largest = max(sizes, default=1.0)
    return [
        SingleValue(
            head.key.name, head.last_step, display_last(head), _percent(number, largest)
        )
        for head, number in zip(heads, numbers, strict=True)
    ]


def _percent(number: float, largest: float) -> int | None:
    if not math.isfinite(number):
        return None
    size = abs(number)
    return round(100 * (size if size <= 1 else size / largest))
