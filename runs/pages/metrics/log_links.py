"""From a point of a chart to the line of the log that was written at its moment."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Metric
from runs.pages.metrics.metric_choice import read_axis
from runs.pages.metrics.metric_figures import read_axis_position
from runs.pages.requests import PageRequest
from runs.pages.run_shell import find_run_head
from runs.render.charts import Axis
from runs.render.formats import run_path
from runs.search.metrics import find_metrics_by_name, time_span
from runs.storage.metrics import store
from studio.core.errors import NotFound


@access(Permission.READ)
@require_safe
def show_log_line(request: PageRequest, run_id: str) -> HttpResponse:
    """Redirect to the log at the moment of a point: `?key=…&x=…&point=…`."""
    head = find_run_head(request, run_id)
    metrics = find_metrics_by_name(head.run, request.GET.getlist("key"))
    if not metrics:
        raise NotFound(_("This run has no such metric."))
    axis = read_axis(request.GET)
    span = time_span(metrics)
    place = read_axis_position("point", request.GET.get("point", ""), axis, span)
    time = _time_of_step(metrics[0], place) if axis is Axis.STEP else place
    return redirect(f"{run_path(request.workspace.name, run_id)}files/?at={time}")


def _time_of_step(metric: Metric, step: int) -> int:
    points = store.read(metric, step, step)
    if not len(points):
        text = _("The metric %(name)s has no step %(step)s.")
        values = {"name": metric.key.name, "step": step}
        raise NotFound(text % values, **values)
    # Of several values at a step, the last one counts.
    return int(points.times[-1])
