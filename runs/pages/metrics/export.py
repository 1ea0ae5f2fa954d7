"""A run's metric points as CSV: all of them, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Metric, MetricKind
from runs.pages.requests import PageRequest, csv_response
from runs.pages.run_shell import find_run_head
from runs.render.run_list import escape_formula, iso_time, logged_value_cell
from runs.search.metrics import find_metrics_by_name
from runs.storage.metrics import store


@access(Permission.READ)
@require_safe
def export_values(request: PageRequest, run_id: str) -> HttpResponseBase:
    """Send every point of the requested metrics as CSV, oldest first."""
    head = find_run_head(request, run_id)
    heads = find_metrics_by_name(head.run, request.GET.getlist("key"))
    return csv_response(_csv_point_rows(heads), f"{head.run.run_id}-metrics.csv")


def _csv_point_rows(heads: Sequence[Metric]) -> Iterator[Sequence[object]]:
    # Two tables have different columns, and share only a column of values.
    if len(heads) == 1 and heads[0].kind == MetricKind.TABLE:
        yield from _csv_rows_of_table(heads[0])
        return
    yield ("metric", "step", "time", "value")
    for head in heads:
        name = escape_formula(head.key.name)
        for step, time, value in store.read(head):
            yield (name, step, iso_time(time), logged_value_cell(value))


def _csv_rows_of_table(head: Metric) -> Iterator[Sequence[object]]:
    """Yield the rows of a table metric, with its columns instead of a value."""
    points = [
        (step, time, row)
        for step, time, row in _read_points(head)
        if isinstance(row, dict)
    ]
    # Rows of a table can have different columns, so all rows are read before the head.
    columns = list(dict.fromkeys(name for point in points for name in point[2]))
    yield ("step", "time", *map(escape_formula, columns))
    for step, time, row in points:
        yield (
            step,
            iso_time(time),
            *(logged_value_cell(row.get(name)) for name in columns),
        )


def _read_points(head: Metric) -> Iterator[tuple[int, int, Any]]:
    """Yield the points; their values can be any JSON."""
    yield from store.read(head)
