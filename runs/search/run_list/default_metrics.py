"""The default metrics of a run list: those with a goal, or a curve in most new runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q

from runs.models import (
    Experiment,
    Metric,
    MetricGoal,
    MetricKind,
    Run,
    User,
    Workspace,
)
from runs.storage.prepared import PreparedRows
from studio.core.filters import Field
from studio.core.filters.tree import metric
from studio.core.names import is_counter_metric, natural_order

#: Only the newest runs are asked, so that the answer costs the same in any workspace.
NEWEST_RUNS = 200
MAX_COMMON_METRICS = 3
#: Of more metrics, those with a curve in most runs are ranked.
MAX_RANKED_METRICS = 300
#: What the machine reports about itself says little about a run's result.
SYSTEM_PREFIX = "system/"


def common_metrics(
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None = None,
    *,
    parent: str = "",
) -> list[Field]:
    """The metrics of the newest runs that say most, the best first; with `parent`, a
    run's id, those of its children.

    Counters as `epoch`, constants and metrics of one point come last.
    """
    if parent:
        found = _of_children.all(viewer.pk, workspace.pk, parent)
    elif experiment is None:
        found = _of_all.all(viewer.pk, workspace.pk)
    else:
        found = _of_one.all(viewer.pk, workspace.pk, experiment.pk)
    ranked = sorted(found, key=_rank)[:MAX_COMMON_METRICS]
    return [metric(name) for name, *_ in ranked]


def _rank(row: Sequence[Any]) -> tuple[Any, ...]:
    name, has_goal, roots, curves, runs = row
    return (
        # What only child runs have would be empty in a list of roots.
        not roots,
        is_counter_metric(name),
        not has_goal,
        -curves,
        -roots,
        -runs,
        natural_order(name),
    )


def _metrics_of_newest_runs(viewer: Any, workspace: Any, **places: Any) -> Any:
    runs = Run.objects.visible_to(viewer).in_workspace(workspace).not_deleted()
    newest = runs.filter(**places).order_by("-id").values("pk")[:NEWEST_RUNS]
    return (
        Metric.objects.filter(run__in=newest, kind=MetricKind.SERIES)
        .exclude(key__name__startswith=SYSTEM_PREFIX)
        .annotate(goal=Exists(MetricGoal.objects.filter(key=OuterRef("key"))))
        .values_list("key__name", "goal")
        .annotate(
            roots=Count("pk", filter=Q(run__parent__isnull=True)),
            curves=Count("pk", filter=Q(count__gt=1, min__lt=F("max"))),
            runs=Count("pk"),
        )
        .order_by("-curves", "-roots", "-runs", "key__name")[:MAX_RANKED_METRICS]
    )


_of_all = PreparedRows(_metrics_of_newest_runs)
_of_one = PreparedRows(
    lambda viewer, workspace, experiment: _metrics_of_newest_runs(
        viewer, workspace, experiment=experiment
    )
)
_of_children = PreparedRows(
    lambda viewer, workspace, parent: _metrics_of_newest_runs(
        viewer, workspace, parent__workspace=workspace, parent__run_id=parent
    )
)
