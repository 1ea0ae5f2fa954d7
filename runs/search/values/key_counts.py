"""How many of some runs have each key of a kind.

The newest runs of a list are mostly neighbors: in the range of their primary keys, few
runs are not among them. Then SQLite counts the whole range in the order of the index on
keys, and the others are subtracted. That is a third of the work of looking up each run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from runs.models import Metric, Run
from runs.search.sql import TEXT_TABLES, InKeys
from studio.core.filters import tree

#: A shorter list costs less than the runs around it.
MIN_RANGE_RUNS = 500


class KeyCounter:
    """Counts keys of the runs with these primary keys."""

    def __init__(self, runs: Sequence[int]) -> None:
        self.runs = runs

    def count(self, kind: str, keys: Sequence[int] | None = None) -> dict[int, int]:
        """How many of the runs have each key, or each of `keys`, if any has it."""
        table: Any = Metric if kind == tree.METRICS else TEXT_TABLES[kind]
        rows = table.objects.order_by()
        if keys is not None:
            rows = rows.filter(key__in=keys)
        # Run and key are in one index, and nothing else is asked for.
        counts = rows.values_list("key").annotate(n=Count("run"))
        others = self._others_in_range
        if others is None:
            return dict(counts.filter(Q(InKeys("run_id", self.runs))))
        first, last = self._range
        found = Counter(dict(counts.filter(run_id__gte=first, run_id__lte=last)))
        if others:
            # A run can have got its first key since the range was counted.
            found.subtract(dict(counts.filter(Q(InKeys("run_id", others)))))
        return {key: count for key, count in found.items() if count > 0}

    @cached_property
    def _range(self) -> tuple[int, int]:
        return min(self.runs), max(self.runs)

    @cached_property
    def _others_in_range(self) -> Sequence[int] | None:
        """The other runs in the range, of all workspaces; None if there are many."""
        limit = len(self.runs) // 2
        if connection.vendor != "sqlite" or len(self.runs) < MIN_RANGE_RUNS:
            return None
        first, last = self._range
        if last - first >= len(self.runs) + limit:
            return None
        others = Run.objects.filter(
            ~Q(InKeys("pk", self.runs)), pk__range=(first, last)
        )
        return tuple(others.values_list("pk", flat=True))
