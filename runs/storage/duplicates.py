"""Exact duplicates of points: the same step, time and value (NaN equals NaN)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from runs.storage.points import Points

Identity = tuple[int, int, Any]


def drop_repeated(points: Points) -> Points:
    """`points` without those that came before among them."""
    seen: set[Identity] = set()
    keep = np.ones(len(points), np.bool_)
    for index, identity in enumerate(_identities(points)):
        keep[index] = identity not in seen
        seen.add(identity)
    return points if keep.all() else points.take(keep)


def drop_known(points: Points, known: Sequence[Points]) -> Points:
    """`points` without those that are in `known`."""
    if not len(points) or not known:
        return points
    there: set[Identity] = set()
    for part in known:
        # Arrays first: most points of a chunk share neither step nor time.
        near = np.isin(part.steps, points.steps) & np.isin(part.times, points.times)
        there.update(_identities(part.take(near)))
    keep = np.array([identity not in there for identity in _identities(points)])
    return points if keep.all() else points.take(keep)


def _identities(points: Points) -> list[Identity]:
    return [(step, time, _comparable(value)) for step, time, value in points]


def _comparable(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return "nan", 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__, value
    return value
