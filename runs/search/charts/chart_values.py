"""Values of runs as charts place them: numbers, or texts where there is no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runs.search.charts.drawn_runs import ChartRun
from studio.core.filters import fields, tree
from studio.core.filters.tree import Field
from studio.core.statuses import RunStatus

Value = float | str | None
MS_PER_SECOND = 1000


@dataclass(frozen=True)
class ChartColumn:
    """A field's value of each run; None where it has none of the column's type.

    Times are ms since the epoch, durations seconds. `lost` is how many runs have a
    text where others have numbers.
    """

    field: Field
    values: tuple[Value, ...]
    lost: int

    @property
    def is_time(self) -> bool:
        return fields.value_type(self.field) == fields.TIME

    @property
    def is_text(self) -> bool:
        return any(isinstance(value, str) for value in self.values)


def chart_column(field: Field, runs: Sequence[ChartRun]) -> ChartColumn:
    values = [_chart_value(field, run.values.get(field)) for run in runs]
    is_number = field.kind == tree.METRICS or any(isinstance(v, float) for v in values)
    if not is_number:
        return ChartColumn(field, tuple(values), 0)
    lost = sum(isinstance(value, str) for value in values)
    return ChartColumn(
        field, tuple(None if isinstance(v, str) else v for v in values), lost
    )


def _chart_value(field: Field, value: object) -> Value:
    if value is None:
        return None
    if isinstance(value, RunStatus | bool):
        return str(value)
    if isinstance(value, int | float):
        return _finite_number(value) / (MS_PER_SECOND if _is_duration(field) else 1)
    return _parse_number(str(value))


def _is_duration(field: Field) -> bool:
    return fields.value_type(field) == fields.DURATION


def _finite_number(value: float) -> float:
    # An integer can have up to 4,096 bits, more than a float holds.
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _parse_number(text: str) -> Value:
    """A parameter is text: `0.01` is a number, `adam` is none, and so is `1_000`."""
    try:
        return float(text) if "_" not in text else text
    except ValueError:
        return text
