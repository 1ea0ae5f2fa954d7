"""Points of one series as parallel arrays, in order of arrival unless sorted.

Numbers are in a float64 array with a flag for logged integers, so a script gets back
the type that it logged. Any other value (text, boolean, null, integer beyond 2^53)
turns the array into one of Python objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Float64 represents integers exactly up to here.
MAX_EXACT_INTEGER = 2**53

Value = float | int | str | bool | None
PointNote = dict[str, str]


def _no_notes() -> dict[int, PointNote]:
    return {}


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a series. `notes` maps indexes of some points to their extra fields."""

    steps: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[Any]
    integers: NDArray[np.bool_]
    notes: dict[int, PointNote] = field(default_factory=_no_notes)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def is_numeric(self) -> bool:
        return self.values.dtype != np.object_

    def take(self, index: NDArray[Any]) -> Points:
        """The points at `index` (positions or a mask), in that order."""
        where = np.flatnonzero(index) if index.dtype == np.bool_ else index
        notes = {}
        if self.notes:
            notes = {
                new: self.notes[old]
                for new, old in enumerate(where.tolist())
                if old in self.notes
            }
        return Points(
            self.steps[where],
            self.times[where],
            self.values[where],
            self.integers[where],
            notes,
        )

    def in_step_order(self) -> Points:
        """Sorted by (step, time, arrival)."""
        if _is_in_order(self.steps, self.times):
            return self
        return self.take(np.lexsort((self.times, self.steps)))

    def in_time_order(self) -> Points:
        """Sorted by (time, step, value), as MLflow's history is; NaN counts as 0."""
        # Equal times are ordered by step and value, too.
        if bool((self.times[1:] > self.times[:-1]).all()):
            return self
        keys = (rank_values(self.values), self.steps, self.times)
        return self.take(np.lexsort(keys))

    def python_values(self) -> list[Value]:
        """The values in the types that were logged."""
        values: list[Value] = self.values.tolist()
        if self.is_numeric:
            for index in np.flatnonzero(self.integers).tolist():
                values[index] = int(self.values[index])
        return values

    def __iter__(self) -> Iterator[tuple[int, int, Value]]:
        return iter(
            zip(
                self.steps.tolist(),
                self.times.tolist(),
                self.python_values(),
                strict=True,
            )
        )


def _is_in_order(first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    """Whether the pairs are sorted, as in most series; much faster than sorting."""
    greater = first[1:] > first[:-1]
    same = (first[1:] == first[:-1]) & (second[1:] >= second[:-1])
    return bool((greater | same).all())


def make_points(
    steps: Sequence[int],
    times: Sequence[int],
    values: Sequence[Value],
    notes: dict[int, PointNote] | None = None,
) -> Points:
    """Build arrays from logged values, in the smallest form that is exact."""
    count = len(values)
    integers = np.zeros(count, np.bool_)
    kinds = set(map(type, values))
    if kinds <= {float}:
        array: NDArray[Any] = np.array(values, np.float64)
    elif kinds <= {float, int} and all(_is_exact(value) for value in values):
        array = np.array(values, np.float64)
        integers = np.array([type(value) is int for value in values], np.bool_)
    else:
        array = object_array(values)
    return Points(
        np.array(steps, np.int64),
        np.array(times, np.int64),
        array,
        integers,
        notes or {},
    )


def _is_exact(value: Value) -> bool:
    return isinstance(value, float) or (
        isinstance(value, int) and -MAX_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER
    )


def object_array(values: Sequence[Any]) -> NDArray[np.object_]:
    """Build an array of Python objects; numpy would unpack lists among them."""
    array = np.empty(len(values), np.object_)
    for index, value in enumerate(values):
        array[index] = value
    return array


def concatenate(parts: Sequence[Points]) -> Points:
    """Join the parts in order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return make_points([], [], [])
    numeric = all(part.is_numeric for part in parts)
    values = [
        part.values if numeric else object_array(part.python_values()) for part in parts
    ]
    notes, offset = {}, 0
    for part in parts:
        notes.update({offset + index: note for index, note in part.notes.items()})
        offset += len(part)
    return Points(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate(values),
        np.concatenate([part.integers for part in parts]),
        notes,
    )


def as_float(value: Value) -> float | None:
    """A number as float64 (huge integers as infinity); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def rank_values(values: NDArray[Any]) -> NDArray[np.float64]:
    """Order values with the same step and time; NaN counts as 0."""
    if values.dtype == np.object_:
        numbers = [as_float(value) for value in values.tolist()]
        values = np.array([n if n is not None else 0.0 for n in numbers], np.float64)
    return np.where(np.isnan(values), 0.0, values)
