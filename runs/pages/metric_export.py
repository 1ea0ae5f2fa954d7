"""A run's metric points as CSV: all of them, oldest first."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from runs.access.rules import Permission, access
from runs.models import Metric, MetricKind
from runs.pages.members_only import PageRequest
from runs.pages.run_head import find_head
from runs.render.numbers import word_for
from runs.search.run_metrics import find_series
from runs.storage.metrics import store

#: Rows of a CSV file that are sent at once.
PIECE = 5_000


@access(Permission.READ)
@require_safe
def values(request: PageRequest, run_id: str) -> HttpResponseBase:
    """Every point of the asked metrics as CSV, oldest first."""
    head = find_head(request, run_id)
    heads = find_series(head.run, request.GET.getlist("key"))
    answer = StreamingHttpResponse(_csv(heads), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{head.run.run_id}-metrics.csv"
    )
    return answer


def _csv(heads: Sequence[Metric]) -> Iterator[str]:
    """In pieces: sent line by line, a million points take a minute."""
    if len(heads) == 1 and heads[0].kind == MetricKind.TABLE:
        yield from _table(heads[0])
        return
    yield _text([("metric", "step", "time", "value")])
    for head in heads:
        name = _harmless(head.key.name)
        points = iter(store.read(head))
        while piece := list(islice(points, PIECE)):
            yield _text(
                (name, step, _moment(time), _cell(value)) for step, time, value in piece
            )


def _table(head: Metric) -> Iterator[str]:
    """A table of its own: a row's columns instead of its value."""
    points = [
        (step, time, row) for step, time, row in _logged(head) if isinstance(row, dict)
    ]
    columns = list(dict.fromkeys(name for point in points for name in point[2]))
    yield _text([("step", "time", *map(_harmless, columns))])
    for at in range(0, len(points), PIECE):
        yield _text(
            (step, _moment(time), *(_cell(row.get(name)) for name in columns))
            for step, time, row in points[at : at + PIECE]
        )


def _logged(head: Metric) -> Iterator[tuple[int, int, Any]]:
    """The points, whose values may be any JSON."""
    yield from store.read(head)


def _text(rows: Iterable[Sequence[object]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(rows)
    return sheet.getvalue()


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds")


def _cell(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return word_for(value)
    if isinstance(value, (dict, list)):
        return _harmless(msgspec.json.encode(value).decode())
    return _harmless(value) if isinstance(value, str) else value


def _harmless(value: str) -> str:
    """A text that a spreadsheet would take for a formula is kept from being one."""
    if value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
