"""Read columns of matching runs, in pages of thousands of rows.

A page continues after the last row of the page before it (keyset), so a million rows
cost a million rows, and a request that failed is repeated alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from runs.models import Experiment, Run, RunQuerySet, User, Workspace, now_ms
from runs.search.fields import HEAVY
from runs.search.query import (
    RunKeys,
    Segment,
    build_query,
    count_and_keep_candidates,
)
from runs.search.run_list.run_page import read_page_with
from runs.search.sql import time_limit
from runs.search.values import Columns, ValueReader, own_columns_to_read, row_type
from studio.core.batches import batches
from studio.core.filters import fields as field_catalog
from studio.core.filters.tree import Field, attribute
from studio.core.view_spec import ViewSpec

#: Rows of a page if it has texts that can have 64 KiB each.
MAX_HEAVY_ROWS = 128
#: A page ends after the batch of rows with which its texts exceed this.
MAX_PAGE_CHARS, BATCH_VALUES = 8_000_000, 6_000


@dataclass(frozen=True)
class ColumnPage:
    """`columns` has the values of each field. `after` is the next page's cursor."""

    fields: tuple[Field, ...]
    columns: Columns
    rows: int
    total: int
    total_is_exact: bool
    after: str


def read_run_columns(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    rows: int,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    within: RunKeys | None = None,
) -> ColumnPage:
    """Up to `rows` runs of the list, as a list of values for each of its columns.

    The runs' ids come first. `experiment`, `parent` and `within` narrow the list.
    Raises InvalidFilter, InvalidValue (a forged cursor) and QueryTimeout.
    """
    asked = dict.fromkeys(column.field for column in spec.columns)
    fields = (attribute("id"), *(each for each in asked if each != attribute("id")))
    own = own_columns_to_read(fields)
    is_heavy = any(name in HEAVY for name in own)
    run_query = build_query(
        replace(spec, rows=min(rows, MAX_HEAVY_ROWS) if is_heavy else rows),
        viewer,
        workspace,
        now=now_ms(),
        experiment=experiment,
        parent=parent,
        within=within,
        fields=[*fields, spec.sort.field],
    )

    def read_rows(runs: RunQuerySet, segment: Segment) -> list[Any]:
        names = [part.name for part in segment.parts if part.name not in own]
        make = row_type((*own, *names))
        return [make(row) for row in runs.values_list(*own, *names)]

    with time_limit():
        counts, run_query = count_and_keep_candidates(run_query)
        reader = ValueReader(run_query.scope, fields)
        columns: Columns = [[] for _ in fields]
        after = read_page_with(
            run_query, read_rows, lambda found: _read_values(reader, found, columns)
        )
    return ColumnPage(
        fields, columns, len(columns[0]), counts.total, counts.exact, after
    )


def _read_values(reader: ValueReader, found: list[Any], columns: Columns) -> int:
    """Add the runs' values to `columns`, until their texts are too long for a page.

    Returns for how many runs.
    """
    size = 0
    for some in batches(found, max(1, BATCH_VALUES // len(columns))):
        for column, values in zip(
            columns, read_plain_columns(reader, some), strict=True
        ):
            column.extend(values)
            size += sum(map(_text_length, values))
        if size > MAX_PAGE_CHARS:
            break
    return len(columns[0])


def _text_length(value: object) -> int:
    if isinstance(value, dict):
        return sum(len(key) + len(text or "") for key, text in value.items())
    return len(value) if isinstance(value, str) else 0


def read_plain_columns(reader: ValueReader, runs: Sequence[Any]) -> Columns:
    """The values of each field of `reader`; a status is text."""
    columns = reader.read(runs).columns()
    for position, field in enumerate(reader.fields):
        if field_catalog.value_type(field) == field_catalog.STATUS:
            columns[position] = [str(status) for status in columns[position]]
    return columns
