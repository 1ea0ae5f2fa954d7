"""The figure of a chart of metrics, as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec
from django.http import HttpResponse
from django.utils.timezone import get_current_timezone, get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access, render_json_error
from runs.models import Metric, MetricKind
from runs.pages.chart_kinds import range_switch, sampling_note
from runs.pages.metrics.evaluation_documents import evaluation_figure, value_at_step
from runs.pages.metrics.metric_choice import (
    OVER_PREFIX,
    read_axis,
    read_over,
    read_smoothing,
)
from runs.pages.requests import PageRequest
from runs.pages.run_shell import find_run_head
from runs.render.charts import (
    Axis,
    Figure,
    escape_plotly_markup,
    fit_range,
    mark_moment,
    metric_figure,
    table_columns_figure,
    time_unit,
)
from runs.render.formats import grouped
from runs.render.metrics import column_pairs
from runs.search.files import file_path_of, find_files
from runs.search.metrics import (
    CHART_POINTS,
    NUMERIC_KINDS,
    DrawnLine,
    PointRange,
    TimeSpan,
    draw_line,
    draw_line_over,
    find_metrics_by_name,
    has_numbers,
    time_span,
)
from runs.search.run import RunHead
from runs.storage.metrics import make_points, sample_positions, store
from studio.core.errors import InvalidValue

#: Milliseconds since the epoch, up to the year 9999.
_MOMENT = re.compile(r"(\d{1,14})(?:-(\d{1,14}))?", re.ASCII)
#: Number of newest documents in which a step is searched.
NEWEST_POINTS = 200

AXIS_NOTES = {
    Axis.STEP: lambda: pgettext("x axis of a chart", "by step"),
    Axis.RELATIVE: lambda: pgettext("x axis of a chart", "by time since the start"),
    Axis.TIME: lambda: pgettext("x axis of a chart", "by time"),
}


@access(Permission.READ, errors=render_json_error)
@require_safe
def metric_figure_json(request: PageRequest, run_id: str) -> HttpResponse:
    """Send the figure of a chart as JSON, with a note if points were left out."""
    head = find_run_head(request, run_id)
    heads = find_metrics_by_name(head.run, request.GET.getlist("key"))
    over = _find_metric_of_axis(request, head)
    etag = _figure_etag(request, [*heads, over] if over else heads)
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        content = _table_or_evaluation_figure(request, heads) or (
            _figure_over_metric(request, heads, over)
            if over
            else _line_figure(request, heads)
        )
        figure = msgspec.json.encode(content)
        response = HttpResponse(figure, content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _figure_etag(request: PageRequest, heads: Sequence[Metric]) -> str:
    # Points are only added, so these tell whether there are new ones.
    states = [(h.pk, h.count, h.last_step, h.last_time) for h in heads]
    seen = repr((request.get_full_path(), get_current_timezone_name(), states))
    return f'"{blake2b(seen.encode(), digest_size=12).hexdigest()}"'


def _table_or_evaluation_figure(
    request: PageRequest, heads: Sequence[Metric]
) -> Figure | None:
    """Return the figure of a table or a document; None for lines."""
    if len(heads) != 1 or heads[0].kind in NUMERIC_KINDS:
        return None
    head = heads[0]
    if head.kind == MetricKind.TABLE:
        return _table_columns_figure(
            head, request.GET.get("cx", ""), request.GET.get("cy", "")
        )
    newest = store.newest_points_of_all([head], NEWEST_POINTS)[head.pk]
    at, value = value_at_step(head, newest, request.GET.get("at", ""))
    path = file_path_of(value)
    file = find_files(head.run, [path]).get(path) if path else None
    figure = evaluation_figure(head, value, file, request.GET.get("as", ""))
    note = _("step %(n)s") % {"n": grouped(at)} if head.count > 1 else ""
    return {**figure, "note": note}


def _table_columns_figure(head: Metric, x: str, y: str) -> Figure:
    pairs = column_pairs(store.read(head).python_values(), x, y)
    total = len(pairs)
    if total > CHART_POINTS:
        xs, ys = zip(*pairs, strict=True)
        # The x column can go back and forth, so rows are sampled by their order.
        steps = list(range(total))
        kept = sample_positions(make_points(steps, steps, ys), CHART_POINTS)
        pairs = [(xs[at], ys[at]) for at in kept.tolist()]
    figure = table_columns_figure(x, y, [x for x, _y in pairs], [y for _x, y in pairs])
    return {
        **figure,
        "note": sampling_note(len(pairs), total) if len(pairs) < total else "",
    }


def _line_figure(request: PageRequest, heads: Sequence[Metric]) -> Figure:
    numeric = [head for head in heads if has_numbers(head)]
    axis = read_axis(request.GET)
    weight = read_smoothing(request.GET)
    span = time_span(numeric)
    window = _read_zoom_range(request, axis, span)
    drawings = [draw_line(head, axis, weight=weight, window=window) for head in numeric]
    figure = metric_figure(
        [drawing.line for drawing in drawings],
        axis,
        log_y=request.GET.get("log") == "1",
        zone=get_current_timezone(),
        # The whole series: while zoomed, the axis keeps its unit.
        span=span.length,
    )
    # Who zooms in sees the values of that stretch.
    outside = _fit_range(request, figure, drawings) if window.is_whole else None
    if moment := read_moment(request):
        figure["layout"]["shapes"] = mark_moment(
            [drawing.line for drawing in drawings],
            axis,
            moment,
            zone=get_current_timezone(),
            span=span.length,
        )
    return {
        **figure,
        "range": outside,
        "note": _figure_sampling_note(drawings) or AXIS_NOTES[axis](),
        # Whether zooming in would show points that were left out.
        "rereads": any(drawing.shown < drawing.total for drawing in drawings),
    }


def _find_metric_of_axis(request: PageRequest, head: RunHead) -> Metric | None:
    """Find the metric on the X axis; raise InvalidValue if it has no numbers."""
    name = read_over(request.GET)
    if not name:
        return None
    found = find_metrics_by_name(head.run, [name])
    if not found or not has_numbers(found[0]):
        raise InvalidValue(
            _("This run has no numbers of the metric %(name)r. Choose another X axis.")
            % {"name": name},
            field="x",
        )
    return found[0]


def _figure_over_metric(
    request: PageRequest, heads: Sequence[Metric], over: Metric
) -> Figure:
    weight = read_smoothing(request.GET)
    drawings = [
        draw_line_over(head, over, weight=weight) for head in heads if has_numbers(head)
    ]
    figure = metric_figure(
        [drawing.line for drawing in drawings],
        Axis.STEP,
        log_y=request.GET.get("log") == "1",
    )
    outside = _fit_range(request, figure, drawings)
    name = over.key.name
    figure["layout"]["xaxis"]["title"]["text"] = escape_plotly_markup(name)
    by = pgettext("x axis of a chart", "by %s") % f"{OVER_PREFIX}{name}"
    note = _figure_sampling_note(drawings) or by
    return {**figure, "range": outside, "note": note, "rereads": False}


def _fit_range(
    request: PageRequest, figure: Figure, drawings: Sequence[DrawnLine]
) -> dict[str, str] | None:
    """Show the range of most values; return the text and the link to the other one."""
    is_full = request.GET.get("full") == "1"
    lines = [drawing.line for drawing in drawings]
    log_y = request.GET.get("log") == "1"
    outside = fit_range(figure, lines, log_y=log_y, is_full=is_full)
    return range_switch(outside, is_full=is_full)


def read_moment(request: PageRequest) -> tuple[int, ...]:
    """Read `moment=MS` or `moment=MS-MS`; nothing if the address has another text."""
    found = _MOMENT.fullmatch(request.GET.get("moment", ""))
    return tuple(int(text) for text in found.groups() if text) if found else ()


def _read_zoom_range(request: PageRequest, axis: Axis, span: TimeSpan) -> PointRange:
    """Read the requested range, in the units of the chart's axis."""
    ends = []
    for name in ("from", "to"):
        text = request.GET.get(name)
        ends.append(
            None if text is None else read_axis_position(name, text, axis, span)
        )
    return PointRange(*ends)


def read_axis_position(name: str, text: str, axis: Axis, span: TimeSpan) -> int:
    try:
        if axis is Axis.STEP:
            found = int(text)
        elif axis is Axis.RELATIVE:
            # The script sends a position on the axis, in the unit that the figure
            # chose.
            found = round(span.began + float(text) * time_unit(span.length).length)
        else:
            when = datetime.fromisoformat(text).replace(tzinfo=get_current_timezone())
            found = round(when.timestamp() * 1000)
    except (ValueError, OverflowError):
        # Too large for the database, so that the check below refuses it.
        found = 2**63
    if not -(2**63) <= found < 2**63:
        text_of_error = (
            _("%(name)s must be a step, not %(text)r")
            if axis is Axis.STEP
            else _("%(name)s must be a position on the axis, not %(text)r")
        )
        raise InvalidValue(text_of_error % {"name": name, "text": text}, field=name)
    return found


def _figure_sampling_note(drawings: Sequence[DrawnLine]) -> str:
    cut = [drawing for drawing in drawings if drawing.shown < drawing.total]
    if not cut:
        return ""
    return sampling_note(
        sum(each.shown for each in cut), sum(each.total for each in cut)
    )
