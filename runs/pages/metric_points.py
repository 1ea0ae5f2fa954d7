"""A run's metric points: each chart's figure as JSON, and all of them as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any

import msgspec
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.timezone import get_current_timezone, get_current_timezone_name
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access.answers import as_json
from runs.access.rules import Permission, access
from runs.models import Metric
from runs.pages.members_only import PageRequest
from runs.pages.metric_choice import read_axis, read_weight
from runs.pages.run_head import find_head
from runs.render.chart_axes import Axis
from runs.render.charts import metric_figure
from runs.render.numbers import grouped, word_for
from runs.search.run_metrics import Drawing, draw, find_series, is_drawn
from runs.storage.metrics import store
from studio.core.errors import InvalidValue

#: Rows of a CSV file that are sent at once.
PIECE = 5_000

BY = {
    Axis.STEP: lambda: _("by step"),
    Axis.RELATIVE: lambda: _("by time since the start"),
    Axis.TIME: lambda: _("by time"),
}


@access(Permission.READ, errors=as_json)
@require_safe
def chart(request: PageRequest, run_id: str) -> HttpResponse:
    """One chart's figure as JSON, with a note if not every point is in it."""
    head = find_head(request, run_id)
    heads = [
        h for h in find_series(head.run, request.GET.getlist("key")) if is_drawn(h)
    ]
    etag = _figure_etag(request, heads)
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponse(status=304)
    else:
        figure = msgspec.json.encode(_figure(request, heads))
        answer = HttpResponse(figure, content_type="application/json")
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _figure_etag(request: PageRequest, heads: Sequence[Metric]) -> str:
    states = [(h.pk, h.count, h.last_step, h.last_time) for h in heads]
    seen = repr((request.get_full_path(), get_current_timezone_name(), states))
    return f'"{blake2b(seen.encode(), digest_size=12).hexdigest()}"'


def _figure(request: PageRequest, heads: Sequence[Metric]) -> dict[str, Any]:
    axis = read_axis(request.GET)
    weight = read_weight(request.GET)
    start, stop = _bound(request, "from"), _bound(request, "to")
    drawings = [
        draw(head, axis, weight=weight, start=start, stop=stop) for head in heads
    ]
    figure = metric_figure(
        [drawing.line for drawing in drawings],
        axis,
        log_y=request.GET.get("log") == "1",
        zone=get_current_timezone(),
    )
    return {**figure, "note": _note(drawings) or BY[axis]()}


def _bound(request: PageRequest, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    try:
        number = int(text)
    except ValueError:
        number = 2**63
    if not -(2**63) <= number < 2**63:
        raise InvalidValue(f"{name} is a step, not {text!r}", field=name)
    return number


def _note(drawings: Sequence[Drawing]) -> str:
    cut = [drawing for drawing in drawings if drawing.shown < drawing.total]
    if not cut:
        return ""
    return _("%(shown)s of %(total)s points, every extreme kept") % {
        "shown": grouped(sum(drawing.shown for drawing in cut)),
        "total": grouped(sum(drawing.total for drawing in cut)),
    }


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
    yield _lines([("metric", "step", "time", "value")])
    for head in heads:
        name = _harmless(head.key.name)
        points = iter(store.read(head))
        while piece := list(islice(points, PIECE)):
            yield _lines(
                (name, step, _moment(time), _cell(value)) for step, time, value in piece
            )


def _lines(rows: Iterable[Sequence[object]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(rows)
    return sheet.getvalue()


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds")


def _cell(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return word_for(value)
    return _harmless(value) if isinstance(value, str) else value


def _harmless(value: str) -> str:
    """A text that a spreadsheet would take for a formula is kept from being one."""
    if value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
