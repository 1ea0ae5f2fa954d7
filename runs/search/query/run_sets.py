"""The newest runs that a filter matches, read once, to be counted in many ways.

All of them up to 10,000; beyond, the newest 10,000, and `exact` is false.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet

from runs.search.query import status_counts
from runs.search.query.run_query import RunQuery
from runs.search.sql import time_limit


@dataclass(frozen=True)
class RunSet:
    """`rows` are the runs' keys and these columns, the newest first."""

    rows: Sequence[tuple[Any, ...]]
    exact: bool
    columns: Sequence[str] = ()

    @cached_property
    def ids(self) -> list[int]:
        return [row[0] for row in self.rows]

    def sample(self, size: int) -> list[int]:
        """A sample of the runs, evenly spread over their times."""
        step = -(-len(self.ids) // size) or 1
        return self.ids[::step]

    def column(self, name: str) -> list[Any]:
        at = self.columns.index(name) + 1
        return [row[at] for row in self.rows]


def read_run_set(run_query: RunQuery, columns: Sequence[str] = ()) -> RunSet:
    """The runs that the question is about, with these columns of theirs."""
    limit = status_counts.MAX_EXACT_COUNT + 1
    parts = [
        _read_run_rows(part[:limit], columns)
        for part in status_counts.newest_run_querysets(run_query)
    ]
    if len(parts) == 1:
        rows = parts[0]
    else:
        rows_by_key = {row[0]: row for part in parts for row in part}
        # Rows begin with their primary keys, which count arrivals.
        rows = heapq.nlargest(limit, rows_by_key.values())
    exact = len(rows) < limit
    return RunSet(rows if exact else rows[:-1], exact, columns)


def read_all_keys(run_query: RunQuery, limit: int) -> list[int]:
    """The keys of up to `limit` matching runs, the newest first."""
    keys: set[int] = set()
    with time_limit():
        for part in status_counts.newest_run_querysets(run_query):
            keys.update(row[0] for row in _read_run_rows(part[:limit], ()))
    return sorted(keys, reverse=True)[:limit]


def _read_run_rows(runs: Any, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    try:
        return list(runs.values_list("pk", *columns))
    except EmptyResultSet:
        return []
