"""The page of one registered model: its head, versions, aliases and changes.

Each function costs a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from runs.models import (
    Change,
    ChangeSet,
    ModelAlias,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelStar,
    RegisteredModelTag,
    User,
)
from runs.search.registry.filters import filter_versions
from runs.search.registry.lookups import without_system_tags
from runs.search.registry.versions_links import runs_that_read_versions
from runs.search.registry.versions_metrics import (
    MetricValues,
    order_by_metric,
    read_metric_values,
)
from studio.core.errors import InvalidValue

#: What a list of versions can be sorted by, next to `metrics.<name>`.
SORT_COLUMNS = {
    "version": "number",
    "size": "size",
    "registered": "created",
    "by": "created_by__username",
    "run": "run__name",
}
METRIC_PREFIX = "metrics."
#: Versions that a form offers: the newest.
MAX_NUMBERS = 1000
#: Each member sees only their own star.
PRIVATE_FIELD = "starred"


@dataclass(frozen=True)
class ModelHead:
    """What every tab shows of the model."""

    model: RegisteredModel
    starred: bool
    versions: int
    changes: int
    used_by: int
    tags: tuple[RegisteredModelTag, ...]


@dataclass(frozen=True)
class VersionRow:
    version: ModelVersion
    aliases: tuple[ModelAlias, ...]
    metrics: MetricValues


@dataclass(frozen=True)
class VersionPage:
    """A page of the versions that match, and the aliases of all versions."""

    rows: tuple[VersionRow, ...]
    total: int
    page: int
    pages: int


def read_model_head(model: RegisteredModel, viewer: User) -> ModelHead:
    """Read the counts in one query, the tags, and the runs that use the model."""
    rows = RegisteredModel.objects.filter(pk=model.pk).annotate(
        starred=Exists(
            RegisteredModelStar.objects.filter(model=OuterRef("pk"), user=viewer)
        ),
        versions_now=_count(ModelVersion.objects.filter(model=OuterRef("pk"))),
        changes_now=_count(
            _changes_of(OuterRef("pk")), by="registered_model", of="change_set"
        ),
    )
    counts = rows.values_list("starred", "versions_now", "changes_now").get()
    starred, versions, changes = counts
    tags = without_system_tags(RegisteredModelTag.objects.filter(model=model))
    used_by = runs_that_read_versions(model.versions.all()).count()
    return ModelHead(model, starred, versions, changes, used_by, tuple(tags))


def _changes_of(model: RegisteredModel | OuterRef) -> QuerySet[Change]:
    rows = Change.objects.filter(registered_model=model)
    return rows.exclude(field=PRIVATE_FIELD)


def _count(
    rows: QuerySet[ModelVersion] | QuerySet[Change], by: str = "model", of: str = "pk"
) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count(of, distinct=True))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)


def find_versions(model: RegisteredModel, numbers: Sequence[int]) -> list[ModelVersion]:
    """Return the versions with these numbers, in their order; unknown ones are not."""
    found = {each.number: each for each in _versions_of(model, numbers)}
    return [found[number] for number in numbers if number in found]


def _versions_of(
    model: RegisteredModel, numbers: Sequence[int] | None = None
) -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.filter(model=model)
    if numbers is not None:
        rows = rows.filter(number__in=numbers)
    related = ("run__experiment", "logged_model__experiment", "files_run", "created_by")
    return rows.select_related("model__workspace", *related)


def list_versions(
    model: RegisteredModel,
    viewer: User,
    *,
    text: str,
    sort: str,
    page: int,
    rows: int,
    metrics: Sequence[str],
    now: int,
) -> VersionPage:
    """Return a page of the versions that match the filter, with these metrics.

    Raises InvalidFilter, and InvalidValue for the sort.
    """
    found = filter_versions(_versions_of(model), text, viewer, now)
    total = found.count()
    pages = max(1, -(-total // rows))
    page = min(max(page, 1), pages)
    shown = list(sort_versions(found, sort)[(page - 1) * rows : page * rows])
    aliases = aliases_by_version(model)
    values = read_metric_values(shown, metrics)
    lines = tuple(
        VersionRow(each, tuple(aliases.get(each.pk, ())), values.get(each.pk, {}))
        for each in shown
    )
    return VersionPage(lines, total, page, pages)


def sort_versions(rows: QuerySet[ModelVersion], sort: str) -> QuerySet[ModelVersion]:
    """Sort by `version`, `-size` or `metrics.acc`; missing values are last."""
    is_down, key = sort.startswith("-"), sort.removeprefix("-")
    if key.startswith(METRIC_PREFIX):
        name = key.removeprefix(METRIC_PREFIX)
        return order_by_metric(rows, name, descending=is_down)
    if key not in SORT_COLUMNS:
        allowed = ", ".join((*SORT_COLUMNS, f"{METRIC_PREFIX}<name>"))
        raise InvalidValue(
            _("sort must be one of %(allowed)s.") % {"allowed": allowed}, field="sort"
        )
    column = F(SORT_COLUMNS[key])
    order = column.desc(nulls_last=True) if is_down else column.asc(nulls_last=True)
    return rows.order_by(order, "-number")


def list_aliases(model: RegisteredModel) -> list[ModelAlias]:
    """Return the aliases of all versions, the newest version first."""
    rows = ModelAlias.objects.filter(model=model).select_related("version", "moved_by")
    return list(rows.order_by("-version__number", "name"))


def aliases_by_version(model: RegisteredModel) -> dict[int, list[ModelAlias]]:
    found: dict[int, list[ModelAlias]] = {}
    for alias in ModelAlias.objects.filter(model=model).order_by("name"):
        found.setdefault(alias.version_id, []).append(alias)
    return found


def list_version_numbers(model: RegisteredModel) -> list[int]:
    """Return the numbers of the newest versions, the highest first."""
    rows = ModelVersion.objects.filter(model=model).order_by("-number")
    return list(rows.values_list("number", flat=True)[:MAX_NUMBERS])


def list_version_tags(version: ModelVersion) -> list[ModelVersionTag]:
    return list(without_system_tags(ModelVersionTag.objects.filter(version=version)))


def list_model_changes(
    model: RegisteredModel, limit: int
) -> tuple[list[ChangeSet], bool]:
    """Return the newest change sets with their changes; and whether there are more."""
    own = _changes_of(model)
    newest = own.order_by("-change_set").values_list("change_set", flat=True)
    # One more than the limit shows whether there are more.
    keys = list(newest.distinct()[: limit + 1])
    rows = ChangeSet.objects.filter(pk__in=keys[:limit]).order_by("-pk")
    found = rows.select_related("actor", "token").prefetch_related("changes")
    return list(found), len(keys) > limit
