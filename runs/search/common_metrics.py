"""Which metrics a run list shows when nobody chose: those that most new runs have."""

from __future__ import annotations

from django.db.models import Count

from runs.models import Experiment, Metric, MetricKind, Run, User, Workspace
from studio.core.filters import Field
from studio.core.filters.tree import metric

#: Only the newest runs are asked, so that the answer costs the same in any workspace.
NEWEST = 200
SHOWN = 3
#: What the machine reports about itself says little about a run's result.
SYSTEM = "system/"


def common_metrics(
    viewer: User, workspace: Workspace, experiment: Experiment | None = None
) -> list[Field]:
    """The commonest metrics of the newest runs, most common first."""
    runs = Run.objects.visible_to(viewer).in_workspace(workspace).not_deleted()
    if experiment is not None:
        runs = runs.filter(experiment=experiment)
    newest = runs.order_by("-id").values("pk")[:NEWEST]
    names = (
        Metric.objects.filter(run__in=newest, kind=MetricKind.SERIES)
        .exclude(key__name__startswith=SYSTEM)
        .values_list("key__name")
        .annotate(runs=Count("pk"))
        .order_by("-runs", "key__name")[:SHOWN]
    )
    return [metric(name) for name, _ in names]
