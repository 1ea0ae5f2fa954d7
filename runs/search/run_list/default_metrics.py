"""The default metrics of a run list: those that most new runs have."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from runs.models import Experiment, Metric, MetricKind, Run, User, Workspace
from runs.storage.prepared import PreparedRows
from studio.core.filters import Field
from studio.core.filters.tree import metric

#: Only the newest runs are asked, so that the answer costs the same in any workspace.
NEWEST_RUNS = 200
MAX_COMMON_METRICS = 3
#: What the machine reports about itself says little about a run's result.
SYSTEM_PREFIX = "system/"


def common_metrics(
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None = None,
    *,
    parent: str = "",
) -> list[Field]:
    """The commonest metrics of the newest runs, most common first; with `parent`, a
    run's id, those of its children."""
    if parent:
        names = _of_children.all(viewer.pk, workspace.pk, parent)
    elif experiment is None:
        names = _of_all.all(viewer.pk, workspace.pk)
    else:
        names = _of_one.all(viewer.pk, workspace.pk, experiment.pk)
    return [metric(name) for name, *_ in names]


def _metrics_of_newest_runs(viewer: Any, workspace: Any, **places: Any) -> Any:
    runs = Run.objects.visible_to(viewer).in_workspace(workspace).not_deleted()
    newest = runs.filter(**places).order_by("-id").values("pk")[:NEWEST_RUNS]
    return (
        Metric.objects.filter(run__in=newest, kind=MetricKind.SERIES)
        .exclude(key__name__startswith=SYSTEM_PREFIX)
        .values_list("key__name")
        .annotate(
            roots=Count("pk", filter=Q(run__parent__isnull=True)), runs=Count("pk")
        )
        # What only child runs have would be empty in a list of roots.
        .order_by("-roots", "-runs", "key__name")[:MAX_COMMON_METRICS]
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
