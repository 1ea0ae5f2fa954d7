"""The list of all logged models of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access import Permission, access
from runs.models import LoggedModel, LoggedModelMetric, now_ms
from runs.pages.logged_models.table_state import (
    TableState,
    column_head,
    read_table_state,
    show_table,
    table_context,
)
from runs.pages.requests import PageRequest
from runs.render.formats import (
    experiment_path,
    logged_model_path,
    number,
    run_path,
)
from runs.render.logged_models import model_status_label
from runs.search.logged_models import DEFAULT_SORT, find_logged_models

#: A line shows this many metrics and counts the others.
MAX_METRICS = 2


@dataclass(frozen=True)
class MetricText:
    key: str
    text: str


@dataclass(frozen=True)
class LoggedModelLine:
    model: LoggedModel
    href: str
    status: str
    run_href: str
    experiment_href: str
    metrics: tuple[MetricText, ...]
    more_metrics: int
    versions: int


@access(Permission.READ)
@require_safe
# One address has the page and its fragment.
@vary_on_headers("HX-Request")
def logged_models_page(request: PageRequest) -> HttpResponse:
    return show_table(
        request,
        read_table_state(request.GET.dict(), DEFAULT_SORT),
        lambda state: _list_context(request, state),
        page="logged_models/logged_models.html",
        part="logged_models/_logged_model_table.html",
    )


def _list_context(request: PageRequest, state: TableState) -> dict[str, Any]:
    found = find_logged_models(request.workspace, state.table_query, now=now_ms())
    workspace = request.workspace.name
    lines = [
        _line(model, workspace, found.versions.get(model.pk, 0))
        for model in found.page.rows
    ]
    heads = [
        column_head(state, _("Name"), "name", sort="name"),
        column_head(state, pgettext("type of a model", "Type"), sort="type"),
        column_head(state, _("Status")),
        column_head(state, _("Run")),
        column_head(state, _("Experiment")),
        column_head(state, _("Created"), sort="-created"),
        column_head(state, _("Versions"), "number"),
        column_head(state, _("Metrics"), "metrics"),
    ]
    return {**table_context(state, found.page, lines), "heads": heads}


def _line(model: LoggedModel, workspace: str, versions: int) -> LoggedModelLine:
    run, experiment = model.source_run, model.experiment
    metrics = _metric_texts(list(model.metrics.all()))
    return LoggedModelLine(
        model,
        logged_model_path(workspace, model.model_id),
        model_status_label(model.status),
        run_path(workspace, run.run_id) if run and run.deleted is None else "",
        experiment_path(workspace, experiment.number, experiment.name),
        tuple(metrics[:MAX_METRICS]),
        len(metrics[MAX_METRICS:]),
        versions,
    )


def _metric_texts(metrics: list[LoggedModelMetric]) -> list[MetricText]:
    """Each metric once, with its newest value."""
    newest: dict[str, LoggedModelMetric] = {}
    for metric in sorted(metrics, key=lambda each: (each.key, each.step, each.time)):
        newest[metric.key] = metric
    return [MetricText(key, metric_text(each)) for key, each in newest.items()]


def metric_text(metric: LoggedModelMetric) -> str:
    return "NaN" if metric.is_nan else number(metric.value or 0.0)
