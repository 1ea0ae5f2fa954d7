"""What versions are linked with: datasets, the runs that read them, and their own run.

Also what a new version can be registered from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from runs.models import (
    Dataset,
    Direction,
    LoggedModel,
    ModelVersion,
    Run,
    RunDataset,
    RunModel,
    Workspace,
)

#: A run that registered more versions shows only the first ones.
MAX_VERSIONS_OF_RUN = 100
#: Runs and logged models that the form *Register version* offers: the newest.
MAX_OFFERED = 50


def runs_that_read_versions(versions: QuerySet[ModelVersion]) -> QuerySet[Run]:
    """Return the runs that have a version's logged model as an input."""
    ids = versions.filter(logged_model__isnull=False).values("logged_model__model_id")
    reads = RunModel.objects.filter(
        run=OuterRef("pk"), model_id__in=ids, direction=Direction.INPUT
    )
    workspace = versions.order_by().values("model__workspace")[:1]
    return Run.objects.not_deleted().filter(
        Exists(reads), workspace=Subquery(workspace)
    )


def datasets_by_version(
    versions: Sequence[ModelVersion],
) -> dict[int, dict[str, Dataset]]:
    """Return the datasets of the versions' runs, by name. One query."""
    runs = {each.run_id for each in versions} - {None}
    rows = RunDataset.objects.filter(run__in=runs).order_by("dataset__name", "pk")
    found: dict[int, dict[str, Dataset]] = defaultdict(dict)
    for row in rows.select_related("dataset"):
        for version in versions:
            if version.run_id == row.run_id:
                found[version.pk].setdefault(row.dataset.name, row.dataset)
    return found


def list_versions_of_run(run: Run) -> list[ModelVersion]:
    """Return the registered versions of the run's files and logged models."""
    rows = ModelVersion.objects.filter(Q(run=run) | Q(files_run=run))
    found = rows.select_related("model").prefetch_related("aliases")
    return list(found.order_by("model__name", "-number")[:MAX_VERSIONS_OF_RUN])


def list_recent_models(workspace: Workspace) -> list[LoggedModel]:
    """Return the newest logged models of the workspace, without deleted ones."""
    rows = LoggedModel.objects.filter(
        workspace=workspace, deleted__isnull=True, experiment__deleted__isnull=True
    ).exclude(source_run__deleted__isnull=False)
    return list(rows.select_related("source_run").order_by("-pk")[:MAX_OFFERED])


def list_recent_runs(workspace: Workspace) -> list[Run]:
    rows = Run.objects.in_workspace(workspace).not_deleted()
    return list(rows.order_by("-pk").only("run_id", "name")[:MAX_OFFERED])
