"""What the head of a series says: last, first, min, max, count.

Last is the greatest (step, time, arrival), first the least. Where MLflow's rule holds
(`Rule.MLFLOW`) the greater value is the last of two points with one step and time; NaN
counts as 0 there. Min and max skip NaN. Text, booleans and null have no number; an
integer beyond 2^53 has both a number (rounded) and its digits.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

import msgspec
import numpy as np

from runs.models import Metric
from runs.storage.metrics.points import (
    MAX_EXACT_INTEGER,
    Points,
    Value,
    as_float,
    rank_values,
)


class AppendRule(Enum):
    """How points with equal keys are treated.

    BATCHES: every point counts, for batches are applied once. MLFLOW: the protocol has
    no batch ids; an exact duplicate (step, time, value) is the same point again.
    """

    BATCHES = "batches"
    MLFLOW = "mlflow"


def update_head(head: Metric, points: Points, rule: AppendRule) -> bool:
    """Take `points`, which are new, into `head`; the caller saves it.

    Returns whether more than its last value, its count and its next step changed.
    """
    if not len(points):
        return False
    # The first value changes only together with its step or time.
    cold_values = head.min, head.max, head.first_step, head.first_time
    arrival = np.arange(len(points), dtype=np.float64)
    ties = rank_values(points.values) if rule is AppendRule.MLFLOW else arrival
    order = np.lexsort((ties, points.times, points.steps))
    _update_last(head, points, int(order[-1]), rule)
    _update_first(head, points, int(order[0]))
    _update_min_and_max(head, points)
    is_new = head.count == 0
    head.count += len(points)
    return is_new or cold_values != (
        head.min,
        head.max,
        head.first_step,
        head.first_time,
    )


def _update_last(head: Metric, points: Points, index: int, rule: AppendRule) -> None:
    step, time = int(points.steps[index]), int(points.times[index])
    value = points.python_values()[index]
    if head.count:
        known = (head.last_step, head.last_time)
        if (step, time) < known:
            return
        is_tie = (step, time) == known and rule is AppendRule.MLFLOW
        if is_tie and _number_or_zero(value) < (head.last or 0.0):
            return
    head.last, head.last_is_nan = split_nan(as_float(value))
    head.last_text = text_if_not_number(value)
    head.last_step, head.last_time = step, time


def _update_first(head: Metric, points: Points, index: int) -> None:
    step, time = int(points.steps[index]), int(points.times[index])
    if head.count and (step, time) >= (head.first_step, head.first_time):
        return
    value = points.python_values()[index]
    head.first, head.first_is_nan = split_nan(as_float(value))
    head.first_step, head.first_time = step, time


def _update_min_and_max(head: Metric, points: Points) -> None:
    values = points.values
    if not points.is_numeric:
        numbers = [as_float(value) for value in values.tolist()]
        values = np.array([n for n in numbers if n is not None], np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())
    head.min = low if head.min is None else min(head.min, low)
    head.max = high if head.max is None else max(head.max, high)


def _number_or_zero(value: Value) -> float:
    number = as_float(value)
    return 0.0 if number is None or math.isnan(number) else number


def split_nan(number: float | None) -> tuple[float | None, bool]:
    """A number as the database keeps it: SQLite has no NaN, so a flag says it."""
    if number is not None and math.isnan(number):
        return None, True
    return number, False


def text_if_not_number(value: Any) -> str | None:
    """What stands for a value that no float64 holds; None where one does."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return None if -MAX_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER else str(value)
    if isinstance(value, list | dict):
        # A table row or a matrix: no filter reads it, and it may be long.
        return None
    return msgspec.json.encode(value).decode()
