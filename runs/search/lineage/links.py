"""The links of a lineage, one query for each kind of link.

Each function returns the newest links of many nodes. What is in the trash has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from runs.models import (
    Direction,
    LoggedModel,
    ModelVersion,
    RunDataset,
    RunModel,
    Workspace,
)

#: Links that are not shown are counted up to this number.
MAX_COUNTED = 10_000


class LineageKind(Enum):
    DATASET = "dataset"
    RUN = "run"
    MODEL = "model"
    VERSION = "version"


#: A kind, and the primary key of its row.
NodeKey = tuple[LineageKind, int]


@dataclass(frozen=True)
class Link:
    """`near` is the node that is already in the graph, `far` its neighbor."""

    near: int
    far: int
    label: str = ""


@dataclass(frozen=True)
class LinkQuery:
    """Rows that link nodes of one kind, in `near`, with nodes of the kind `far_kind`.

    `near`, `far` and `label` are columns of the rows.
    """

    rows: QuerySet[Any]
    near: str
    far: str
    far_kind: LineageKind
    label: str = ""

    def newest(self, limit: int) -> list[Link]:
        columns = [self.near, self.far, *([self.label] if self.label else [])]
        found = self.rows.order_by("-pk").values_list(*columns)[:limit]
        return [Link(*row) for row in found]

    def count(self) -> int:
        """Count the distinct neighbors, at most one more than MAX_COUNTED."""
        far = self.rows.order_by().values(self.far).distinct()
        return far[: MAX_COUNTED + 1].count()


LinkFinder = Callable[[Workspace, Sequence[int]], LinkQuery]


def not_in_trash(prefix: str = "") -> Q:
    """Neither the run or model nor its experiment is in the trash."""
    return Q(
        **{
            f"{prefix}deleted__isnull": True,
            f"{prefix}experiment__deleted__isnull": True,
        }
    )


def active_models(workspace: Workspace) -> QuerySet[LoggedModel]:
    return LoggedModel.objects.filter(not_in_trash(), workspace=workspace)


def _datasets_of_runs(workspace: Workspace, runs: Sequence[int]) -> LinkQuery:
    uses = RunDataset.objects.filter(
        run__in=runs,
        dataset__experiment__workspace=workspace,
        dataset__experiment__deleted__isnull=True,
    )
    return LinkQuery(uses, "run", "dataset", LineageKind.DATASET, "context")


def _runs_of_datasets(workspace: Workspace, datasets: Sequence[int]) -> LinkQuery:
    uses = RunDataset.objects.filter(
        not_in_trash("run__"), run__workspace=workspace, dataset__in=datasets
    )
    return LinkQuery(uses, "dataset", "run", LineageKind.RUN, "context")


def _models_read_by_runs(workspace: Workspace, runs: Sequence[int]) -> LinkQuery:
    links = _model_links(workspace, Direction.INPUT).filter(run__in=runs)
    return LinkQuery(links, "run", "logged", LineageKind.MODEL)


def _runs_reading_models(workspace: Workspace, models: Sequence[int]) -> LinkQuery:
    links = _links_of_models(workspace, Direction.INPUT, models)
    return LinkQuery(links, "logged", "run", LineageKind.RUN)


def _models_sent_by_runs(workspace: Workspace, runs: Sequence[int]) -> LinkQuery:
    models = active_models(workspace).filter(source_run__in=runs)
    return LinkQuery(models, "source_run", "pk", LineageKind.MODEL)


def _source_runs_of_models(workspace: Workspace, models: Sequence[int]) -> LinkQuery:
    found = active_models(workspace).filter(
        not_in_trash("source_run__"), source_run__isnull=False, pk__in=models
    )
    return LinkQuery(found, "pk", "source_run", LineageKind.RUN)


def _outputs_of_runs(workspace: Workspace, runs: Sequence[int]) -> LinkQuery:
    links = _model_links(workspace, Direction.OUTPUT).filter(run__in=runs)
    return LinkQuery(links, "run", "logged", LineageKind.MODEL)


def _writers_of_models(workspace: Workspace, models: Sequence[int]) -> LinkQuery:
    links = _links_of_models(workspace, Direction.OUTPUT, models)
    return LinkQuery(links, "logged", "run", LineageKind.RUN)


def _model_links(workspace: Workspace, direction: Direction) -> QuerySet[Any]:
    """Runs with models that they name by id; `logged` is the model's primary key."""
    named = active_models(workspace).filter(model_id=OuterRef("model_id"))
    if direction is Direction.INPUT:
        # A run that evaluates its own model would be in a circle with it.
        named = named.filter(
            Q(source_run__isnull=True) | ~Q(source_run=OuterRef("run"))
        )
    links = RunModel.objects.filter(direction=direction)
    links = links.annotate(logged=Subquery(named.values("pk")[:1]))
    # Ids of models that never arrived are stored too.
    return links.filter(logged__isnull=False)


def _links_of_models(
    workspace: Workspace, direction: Direction, models: Sequence[int]
) -> QuerySet[Any]:
    ids = active_models(workspace).filter(pk__in=models).values("model_id")
    return _model_links(workspace, direction).filter(
        not_in_trash("run__"), run__workspace=workspace, model_id__in=ids
    )


def _versions(workspace: Workspace) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(model__workspace=workspace)


def _models_of_versions(workspace: Workspace, versions: Sequence[int]) -> LinkQuery:
    found = _versions(workspace).filter(
        not_in_trash("logged_model__"), logged_model__isnull=False, pk__in=versions
    )
    return LinkQuery(found, "pk", "logged_model", LineageKind.MODEL)


def _runs_of_versions(workspace: Workspace, versions: Sequence[int]) -> LinkQuery:
    found = _versions(workspace).filter(
        not_in_trash("files_run__"), files_run__isnull=False, pk__in=versions
    )
    return LinkQuery(found, "pk", "files_run", LineageKind.RUN)


def _versions_of_models(workspace: Workspace, models: Sequence[int]) -> LinkQuery:
    found = _versions(workspace).filter(logged_model__in=models)
    return LinkQuery(found, "logged_model", "pk", LineageKind.VERSION)


def _versions_of_runs(workspace: Workspace, runs: Sequence[int]) -> LinkQuery:
    found = _versions(workspace).filter(files_run__in=runs)
    return LinkQuery(found, "files_run", "pk", LineageKind.VERSION)


#: What a node of each kind comes from, and what comes from it.
UPSTREAM: dict[LineageKind, tuple[LinkFinder, ...]] = {
    LineageKind.DATASET: (),
    LineageKind.RUN: (_datasets_of_runs, _models_read_by_runs),
    LineageKind.MODEL: (_source_runs_of_models, _writers_of_models),
    LineageKind.VERSION: (_models_of_versions, _runs_of_versions),
}
DOWNSTREAM: dict[LineageKind, tuple[LinkFinder, ...]] = {
    LineageKind.DATASET: (_runs_of_datasets,),
    LineageKind.RUN: (_models_sent_by_runs, _outputs_of_runs, _versions_of_runs),
    LineageKind.MODEL: (_versions_of_models, _runs_reading_models),
    LineageKind.VERSION: (),
}
