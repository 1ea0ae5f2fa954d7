"""The run page, tab Metrics; each chart's figure, and the points as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

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
from runs.pages.metric_choice import Choice, read_axis, read_choice, read_weight
from runs.pages.run_head import etag_of, find_head, is_known, not_modified, show
from runs.render import times
from runs.render.charts import Axis, metric_figure
from runs.render.metric_values import Shown, column_shown, last_shown
from runs.render.numbers import grouped
from runs.search.run_detail import metrics_of
from runs.search.run_metrics import (
    Drawing,
    draw,
    find_series,
    is_drawn,
    newest_values,
)
from runs.storage.metrics import store
from studio.core.errors import InvalidValue

#: Rows of the table beside the charts.
ROWS, MORE_ROWS = 25, 500


@dataclass(frozen=True)
class Entry:
    key: str
    last: Shown
    chosen: bool


@dataclass(frozen=True)
class Group:
    """Metrics whose names begin alike, up to the first slash."""

    name: str
    entries: list[Entry]


@dataclass(frozen=True)
class Chart:
    title: str
    keys: Sequence[str]
    figure: str
    csv: str


@access(Permission.READ)
@require_safe
def metrics(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_head(request, run_id)
    etag = etag_of(request, head)
    if is_known(request, etag):
        return not_modified(etag)
    heads = metrics_of(head.run)
    choice = read_choice(request.GET, heads)
    by_key = {each.key.name: each for each in heads}
    chosen = [by_key[key] for key in choice.keys]
    rows = MORE_ROWS if request.GET.get("rows") == "more" else ROWS
    context = {
        "choice": choice,
        "groups": _groups(heads, choice),
        "charts": _charts(chosen, choice),
        "axes": [(axis.value, AXES[axis]()) for axis in Axis],
        **_values(chosen, rows),
        **_links(choice, rows),
    }
    return show(request, head, "metrics", etag, context)


BY = {
    Axis.STEP: lambda: _("by step"),
    Axis.RELATIVE: lambda: _("by time since the start"),
    Axis.TIME: lambda: _("by time"),
}
AXES = {
    Axis.STEP: lambda: _("Step"),
    Axis.RELATIVE: lambda: _("Relative"),
    Axis.TIME: lambda: _("Time"),
}


def _groups(heads: Sequence[Metric], choice: Choice) -> list[Group]:
    groups: dict[str, Group] = {}
    for head in heads:
        key = head.key.name
        prefix = key.split("/", 1)[0] if "/" in key else ""
        group = groups.setdefault(prefix, Group(prefix, []))
        group.entries.append(Entry(key, last_shown(head), key in choice.keys))
    return list(groups.values())


def _charts(chosen: Sequence[Metric], choice: Choice) -> list[Chart]:
    keys = [head.key.name for head in chosen if is_drawn(head)]
    if choice.one and len(keys) > 1:
        return [_chart(_("%(n)d metrics") % {"n": len(keys)}, keys, choice)]
    return [_chart(key, [key], choice) for key in keys]


def _chart(title: str, keys: Sequence[str], choice: Choice) -> Chart:
    what = [("key", key) for key in keys]
    look = [pair for pair in choice.look() if pair[0] in ("x", "smooth", "log")]
    return Chart(
        title,
        keys,
        f"chart.json?{urlencode([*what, *look])}",
        f"values.csv?{urlencode(what)}",
    )


def _values(chosen: Sequence[Metric], limit: int) -> dict[str, Any]:
    rows = newest_values(chosen, limit + 1)
    seen = rows[:limit]
    columns = [
        column_shown([row.cells[at] for row in seen]) for at in range(len(chosen))
    ]
    zone = get_current_timezone()
    return {
        "rows": [
            (row.step, times.at(row.time, zone), [column[at] for column in columns])
            for at, row in enumerate(seen)
        ],
        "has_more_rows": len(rows) > limit,
    }


def _links(choice: Choice, rows: int) -> dict[str, Any]:
    look = urlencode(choice.look())
    keys = urlencode([("key", key) for key in choice.keys])
    return {
        "all_query": f"all=1&{look}".rstrip("&"),
        "none_query": choice.query(keys=(), default=False),
        "chart_query": choice.query(table=False),
        "table_query": choice.query(table=True),
        "csv_query": keys,
        "more_query": f"{choice.query()}&rows=more".lstrip("&"),
        "is_long": rows == MORE_ROWS,
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
    yield _line("metric", "step", "time", "value")
    for head in heads:
        for step, time, value in store.read(head):
            when = datetime.fromtimestamp(time / 1000, UTC)
            moment = when.isoformat(timespec="milliseconds")
            yield _line(_harmless(head.key.name), step, moment, _harmless(value))


def _line(*cells: object) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerow(cells)
    return sheet.getvalue()


def _harmless(value: object) -> object:
    """A text that a spreadsheet would take for a formula is kept from being one."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
