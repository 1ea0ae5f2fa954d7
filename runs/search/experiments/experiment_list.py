"""All experiments of a workspace, each with its newest run and its counts by status.

A fixed number of queries, whatever the page shows. Pages are numbered: a workspace has
few enough experiments that counting over them is nothing. Counts are the kept ones.
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
    IntegerField,
    OrderBy,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    TextField,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from runs.models import (
    Experiment,
    ExperimentStar,
    ExperimentTag,
    Run,
    RunCount,
    User,
    Workspace,
    now_ms,
)
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.search.experiments.experiment_filter import (
    ExperimentFilter,
    parse_experiment_filter,
)
from runs.search.sql import ByCharacter, Lowered, time_limit
from studio.core.errors import InvalidValue
from studio.core.filters.tree import attribute, fields_of
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
    tags: tuple[tuple[str, str | None], ...] = ()

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
    archived: bool = False,
    now: int | None = None,
) -> ExperimentPage:
    """The experiments that the text finds; InvalidValue for a sort or a field.

    Archived ones are among them if asked for, or if the text speaks of `archived`.
    Those in the trash only if the text speaks of `deleted`.
    """
    now = now_ms() if now is None else now
    node = parse_experiment_filter(text)
    experiments = Experiment.objects.visible_to(viewer).filter(workspace=workspace)
    fields = fields_of(node)
    in_trash = attribute("deleted") in fields
    experiments = experiments if in_trash else experiments.active()
    matching = _annotate_experiments(experiments, viewer)
    if not (archived or in_trash or attribute("archived") in fields):
        matching = matching.filter(archived__isnull=True)
    order = _experiment_order(sort)
    with time_limit():
        wanted = ExperimentFilter(viewer, workspace, now).condition(node)
        # All keys in their order say the total as well; what a line shows of runs is
        # looked up for the page alone.
        keys = list(
            matching.filter(wanted).order_by(*order).values_list("pk", flat=True)
        )
        pages = max(1, -(-len(keys) // rows))
        page = min(max(page, 1), pages)
        here = keys[(page - 1) * rows :][:rows]
        shown = _annotate_experiments(
            Experiment.objects.filter(pk__in=here), viewer
        ).in_bulk()
        found = _experiment_rows(shown[pk] for pk in here)
    return ExperimentPage(tuple(found), len(keys), page, pages)


def _annotate_experiments(experiments: Any, viewer: User) -> QuerySet[Any]:
    runs = Run.objects.filter(experiment=OuterRef("pk"), deleted__isnull=True)
    newest = runs.order_by("-id")
    stars = ExperimentStar.objects.filter(experiment=OuterRef("pk"), user=viewer)
    annotated: QuerySet[Any] = experiments.annotate(
        latest_pk=Subquery(newest.values("pk")[:1]),
        latest_submitter=Subquery(newest.values("submitter")[:1]),
        activity=Coalesce(
            Subquery(newest.values("updated")[:1], output_field=BigIntegerField()),
            F("created"),
        ),
        is_starred=Exists(stars),
    )
    return annotated


def _experiment_order(sort: str) -> list[OrderBy]:
    name = sort.removeprefix("-")
    descending = sort.startswith("-")
    columns: dict[str, Any] = {
        "name": ByCharacter(Lowered(F("name"))),
        "created": F("created"),
        "activity": F("activity"),
        "starred": F("is_starred"),
        "runs": Coalesce(_run_count(), 0),
        "latest": _newest_run_value("created", BigIntegerField()),
        "submitter": ByCharacter(
            Lowered(_newest_run_value("submitter__username", TextField()))
        ),
        "archived": F("archived"),
    }
    if name not in columns:
        allowed = ", ".join(columns)
        raise InvalidValue(
            _("sort must be one of %(allowed)s.") % {"allowed": allowed}, field="sort"
        )
    column = OrderBy(columns[name], descending=descending, nulls_last=True)
    # Without an order that is unique, pages of equal values could overlap.
    return [column, OrderBy(F("id"))]


def _newest_run_value(column: str, kind: Any) -> Subquery:
    runs = Run.objects.filter(experiment=OuterRef("pk"), deleted__isnull=True)
    return Subquery(runs.order_by("-id").values(column)[:1], output_field=kind)


def _run_count() -> Subquery:
    rows = RunCount.objects.filter(experiment=OuterRef("pk")).order_by()
    summed = rows.values("experiment").annotate(n=Sum("runs")).values("n")
    return Subquery(summed, output_field=IntegerField())


def _experiment_rows(experiments: Iterable[Any]) -> list[ExperimentRow]:
    found = list(experiments)
    latest = Run.objects.select_related("submitter").in_bulk(
        [experiment.latest_pk for experiment in found if experiment.latest_pk]
    )
    keys = [experiment.pk for experiment in found]
    counts, tags = _status_counts(keys), _visible_tags(keys)
    return [
        ExperimentRow(
            experiment,
            experiment.is_starred,
            latest.get(experiment.latest_pk),
            counts[experiment.pk],
            experiment.activity,
            tuple(tags[experiment.pk]),
        )
        for experiment in found
    ]


def _status_counts(experiments: list[int]) -> dict[int, dict[RunStatus, int]]:
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


def _visible_tags(experiments: list[int]) -> dict[int, list[tuple[str, str | None]]]:
    """The tags that people see."""
    rows = ExperimentTag.objects.filter(experiment__in=experiments)
    rows = rows.exclude(key__startswith=SYSTEM_TAG_PREFIX).order_by("key")
    tags: dict[int, list[tuple[str, str | None]]] = defaultdict(list)
    for experiment, key, value in rows.values_list("experiment", "key", "value"):
        tags[experiment].append((key, value))
    return tags
