"""All experiments of a workspace, each with its newest run and its counts by status.

    find_experiments(viewer, workspace, text="", sort="-activity", page=1, rows=50)
        -> ExperimentPage

Four queries, whatever the page shows. Pages are numbered: a workspace has few enough
experiments that counting over them is nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    OrderBy,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from runs.models import Experiment, ExperimentStar, Run, RunCount, User, Workspace
from runs.search.expressions import Binary, Contains, Lowered
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus

ROWS = 50


@dataclass(frozen=True)
class ExperimentRow:
    experiment: Experiment
    starred: bool
    latest: Run | None
    #: Counts of all runs, children included, that are not deleted.
    counts: dict[RunStatus, int]
    activity: int

    @property
    def runs(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class ExperimentPage:
    rows: tuple[ExperimentRow, ...]
    total: int
    page: int
    pages: int


def find_experiments(
    viewer: User,
    workspace: Workspace,
    *,
    text: str = "",
    sort: str = "-activity",
    page: int = 1,
    rows: int = ROWS,
) -> ExperimentPage:
    """The experiments whose name contains `text`; raises InvalidValue for the sort."""
    matching = (
        Experiment.objects.visible_to(viewer)
        .filter(workspace=workspace, archived__isnull=True)
        .active()
    )
    if text:
        matching = matching.filter(Q(Contains(F("name"), text)))
    total = matching.count()
    pages = max(1, -(-total // rows))
    page = min(max(page, 1), pages)
    start = (page - 1) * rows
    found = list(_annotated(matching, viewer).order_by(*_order(sort))[start:][:rows])
    return ExperimentPage(tuple(_rows(found)), total, page, pages)


def _annotated(experiments: Any, viewer: User) -> QuerySet[Any]:
    runs = Run.objects.filter(experiment=OuterRef("pk"), deleted__isnull=True)
    newest = runs.order_by("-id")
    stars = ExperimentStar.objects.filter(experiment=OuterRef("pk"), user=viewer)
    annotated: QuerySet[Any] = experiments.annotate(
        latest_pk=Subquery(newest.values("pk")[:1]),
        activity=Coalesce(
            Subquery(newest.values("updated")[:1], output_field=BigIntegerField()),
            F("created"),
        ),
        is_starred=Exists(stars),
    )
    return annotated


def _order(sort: str) -> list[OrderBy]:
    name = sort.removeprefix("-")
    columns: dict[str, Any] = {
        "name": Binary(Lowered(F("name"))),
        "created": F("created"),
        "activity": F("activity"),
        "starred": F("is_starred"),
    }
    if name not in columns:
        allowed = ", ".join(columns)
        raise InvalidValue(f"sort must be one of {allowed}", field="sort")
    descending = sort.startswith("-")
    return [OrderBy(columns[name], descending=descending), OrderBy(F("id"))]


def _rows(found: Iterable[Any]) -> list[ExperimentRow]:
    found = list(found)
    latest = Run.objects.select_related("submitter").in_bulk(
        [experiment.latest_pk for experiment in found if experiment.latest_pk]
    )
    counts = _counts([experiment.pk for experiment in found])
    return [
        ExperimentRow(
            experiment,
            experiment.is_starred,
            latest.get(experiment.latest_pk),
            counts[experiment.pk],
            experiment.activity,
        )
        for experiment in found
    ]


def _counts(experiments: list[int]) -> dict[int, dict[RunStatus, int]]:
    grouped = (
        RunCount.objects.filter(experiment__in=experiments)
        .values_list("experiment", "status")
        .annotate(count=Sum("runs"))
    )
    counts: dict[int, dict[RunStatus, int]] = defaultdict(dict)
    for experiment, status, count in grouped:
        if count:
            counts[experiment][RunStatus.from_code(status)] = count
    return counts
