"""Only what differs: the columns whose value is not the same in every row of a page."""

from __future__ import annotations

from collections.abc import Sequence

from runs.search.run_list.find_runs import RunRow
from studio.core.filters import Field
from studio.core.filters.tree import attribute
from studio.core.viewspec import Column

NAME, TAGS, STATUS = attribute("name"), attribute("tags"), attribute("status")


def differing(columns: Sequence[Column], rows: Sequence[RunRow]) -> tuple[Column, ...]:
    """The name, and the columns that differ; one row differs from nothing."""
    if len(rows) < 2:
        return tuple(columns)
    return tuple(c for c in columns if c.field == NAME or _differs(c.field, rows))


def _differs(field: Field, rows: Sequence[RunRow]) -> bool:
    first = _told(field, rows[0])
    return any(_told(field, row) != first for row in rows)


def _told(field: Field, row: RunRow) -> object:
    if field == TAGS:
        return row.tags
    if field == STATUS:
        return row.run.status
    # NaN is no value of its own, but the same word in every row.
    return repr(row.values.get(field))
