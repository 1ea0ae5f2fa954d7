"""What somebody sees who is no member and has a link: one view or one run, read only.

The page is whole: it asks for no part, carries no link into the workspace, and signs
nobody in. So the secret opens this address and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.access.rules import PUBLIC, StudioRequest, access
from runs.actions.clock import now_ms
from runs.actions.share_links import find_share_link
from runs.models import Run, ShareLink, View
from runs.pages.list_twins import column_of, value_of
from runs.pages.view_state import list_of, list_path
from runs.render import markdown, numbers, sheets
from runs.render.metric_values import heads_shown
from runs.render.sparkline import sparkline
from runs.search import run_detail
from runs.search.find_runs import find_runs
from runs.search.run_metrics import sparkline_points
from studio.core.errors import InvalidFilter, InvalidValue, NotSupported
from studio.core.filters.tree import attribute
from studio.core.viewlenient import read_stored
from studio.core.viewspec import Column, ViewSpec

#: Rows of a table of a run, and curves beside its metrics.
MOST_ROWS, MOST_CURVES = 500, 50


@access(PUBLIC)
@require_safe
def shared(request: StudioRequest, secret: str) -> HttpResponse:
    link = find_share_link(secret, now=now_ms())
    if link.view is not None:
        context = _view(request, link, link.view)
    else:
        assert link.run is not None
        context = _run(link.run)
    # A signed-in reader's own frame has no place here.
    context |= {"link": link, "workspace": None}
    answer = render(request, "shared.html", context)
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _view(request: StudioRequest, link: ShareLink, view: View) -> dict[str, Any]:
    """The rows of the view; of the address only the place in them is heard."""
    stored, complaints = read_stored(view.spec)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    spec = stored.changed(flat=True, mine=False, group=None, **place)
    if spec.after and spec.before:
        spec = replace(spec, before="")
    experiment = list_of(view)
    try:
        page = find_runs(spec, link.created_by, link.workspace, experiment=experiment)
    except (InvalidFilter, NotSupported, InvalidValue):
        # Of a cursor that is none, the first page; of a view that says nothing, all.
        spec = ViewSpec(columns=spec.columns, rows=spec.rows)
        page = find_runs(spec, link.created_by, link.workspace, experiment=experiment)
    columns = _columns(spec)
    asked = [column.field for column in columns]
    sheet = sheets.Sheet(
        tuple(column_of(each) for each in asked),
        tuple(tuple(value_of(row, each) for each in asked) for row in page.rows),
    )
    return {
        "title": view.name,
        "described": markdown.render(view.description),
        "list": experiment.name if experiment else "",
        "list_path": list_path(link.workspace.name, experiment),
        "columns": sheet.columns,
        "rows": sheets.texts(sheet, timezone.get_current_timezone()),
        "total": numbers.grouped(page.total) + ("" if page.total_is_exact else "+"),
        "before": page.before,
        "after": page.after,
        "complaints": complaints,
        "q": spec.q,
        "charts": len(stored.charts),
    }


def _columns(spec: ViewSpec) -> tuple[Column, ...]:
    name = Column(attribute("name"))
    rest = (column for column in spec.columns if column.field != name.field)
    return (name, *rest)


def _run(run: Run) -> dict[str, Any]:
    tags = run_detail.tags_of(run)
    heads = run_detail.metrics_of(run)[:MOST_ROWS]
    points = sparkline_points(heads[:MOST_CURVES])
    metrics = []
    for head in heads:
        drawn = points.get(head.pk)
        curve = sparkline(drawn.steps, drawn.values) if drawn else ""
        metrics.append((head.key.name, heads_shown(head), curve))
    noted = {tag.key: tag.value or "" for tag in tags}
    text = run.description or noted.get("mlflow.note.content", "")
    ended = run.ended if run.ended is not None else now_ms()
    return {
        "title": run.name,
        "run": run,
        "state": run.state,
        "length": None if run.started is None else ended - run.started,
        "described": markdown.render(text),
        "tags": [tag for tag in tags if not tag.is_bookkeeping],
        "params": run_detail.params_of(run)[:MOST_ROWS],
        "metrics": metrics,
    }
