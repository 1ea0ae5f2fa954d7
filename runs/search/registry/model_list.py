"""The models of a workspace: one page of rows, its cursors and a total.

A fixed number of queries, whatever the page shows. Lists sort by what is kept on the
model's own row; aliases and tags are read for the rows of the page alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    OrderBy,
    OuterRef,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from runs.models import (
    ModelAlias,
    RegisteredModel,
    RegisteredModelStar,
    RegisteredModelTag,
    User,
    Workspace,
    now_ms,
)
from runs.search.query import Segment, SortPart, read_cursor, rows_after, write_cursor
from runs.search.registry.filters import filter_models
from runs.search.registry.lookups import without_system_tags
from runs.search.sql import ByCharacter, Expr, Lowered, time_limit
from studio.core.errors import InvalidValue
from studio.core.filters.fields import Sort
from studio.core.filters.tree import attribute

DEFAULT_SORT = "-updated"
#: Counts are exact up to here.
MAX_COUNT = 10_000


@dataclass(frozen=True)
class ModelRow:
    """A model with its aliases, each with the number of its version, and its tags."""

    model: RegisteredModel
    starred: bool
    aliases: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ModelPage:
    """One page of rows. A cursor is empty where there is no such page.

    `first` is the position of the first row among all, from 1.
    """

    rows: tuple[ModelRow, ...] = ()
    total: int = 0
    before: str = ""
    after: str = ""
    first: int = 1

    @property
    def total_is_exact(self) -> bool:
        return self.total <= MAX_COUNT


def find_models(
    viewer: User,
    workspace: Workspace,
    *,
    text: str = "",
    sort: str = DEFAULT_SORT,
    after: str = "",
    before: str = "",
    rows: int = 50,
    now: int | None = None,
) -> ModelPage:
    """The page of models that the filter `text` matches.

    Raises InvalidFilter, and InvalidValue for a sort or a cursor of another list.
    """
    now = now_ms() if now is None else now
    order = _read_sort(sort)
    models = RegisteredModel.objects.filter(workspace=workspace)
    with time_limit():
        matching = filter_models(models, text, viewer, now)
        return _read_page(
            _with_stars(matching, viewer),
            _ModelOrder(order, _sort_parts(order)),
            after=after,
            before=before,
            rows=rows,
        )


@dataclass(frozen=True)
class _ModelOrder:
    sort: Sort
    parts: Sequence[SortPart]

    def apply(self, models: QuerySet[Any], *, backwards: bool) -> QuerySet[Any]:
        return models.order_by(
            *(
                OrderBy(F(part.name), descending=part.descending != backwards)
                for part in self.parts
            )
        )

    def position(self, cursor: str, name: str) -> list[Any]:
        _n, position = read_cursor(cursor, name, self.sort, [Segment(None, self.parts)])
        return position

    def cursor(self, model: Any) -> str:
        return write_cursor(self.sort, self.parts, model)


def _read_page(
    matching: QuerySet[Any], order: _ModelOrder, *, after: str, before: str, rows: int
) -> ModelPage:
    ordered = matching.annotate(sort_key=order.parts[0].value)
    backwards = bool(before)
    place: list[Any] = []
    if after or before:
        name = "before" if before else "after"
        place = order.position(before or after, name)
        wanted = ordered.filter(rows_after(order.parts, place, backwards=backwards))
    else:
        wanted = ordered
    found = list(order.apply(wanted, backwards=backwards)[: rows + 1])
    has_more = len(found) > rows
    found = found[:rows]
    if backwards:
        found.reverse()
    has_previous = has_more if backwards else bool(after)
    has_next = True if backwards else has_more
    # A first page that has all rows spares the count.
    is_whole = not place and not has_more
    return ModelPage(
        tuple(_model_rows(found)),
        len(found) if is_whole else _count(matching),
        order.cursor(found[0]) if found and has_previous else "",
        order.cursor(found[-1]) if found and has_next else "",
        _count_before(ordered, order, found) + 1 if place else 1,
    )


def _count(matching: QuerySet[Any]) -> int:
    return matching.values("pk")[: MAX_COUNT + 1].count()


def _count_before(ordered: QuerySet[Any], order: _ModelOrder, found: list[Any]) -> int:
    if not found:
        return 0
    place = [getattr(found[0], part.name) for part in order.parts]
    earlier = ordered.filter(rows_after(order.parts, place, backwards=True))
    return earlier.values("pk")[:MAX_COUNT].count()


def _with_stars(models: QuerySet[Any], viewer: User) -> QuerySet[Any]:
    stars = RegisteredModelStar.objects.filter(model=OuterRef("pk"), user=viewer)
    starred: QuerySet[Any] = models.annotate(is_starred=Exists(stars))
    # A description can be long, and lists don't show it.
    return starred.select_related("created_by").defer("description")


def _read_sort(text: str) -> Sort:
    name = text.removeprefix("-")
    if name not in _SORT_KEYS:
        allowed = ", ".join(_SORT_KEYS)
        raise InvalidValue(
            _("sort must be one of %(allowed)s.") % {"allowed": allowed}, field="sort"
        )
    return Sort(attribute(name), text.startswith("-"))


def _sort_parts(sort: Sort) -> list[SortPart]:
    value, kind = _SORT_KEYS[sort.field.key]
    return [
        SortPart("sort_key", value, kind, sort.descending),
        # Without an order that is unique, pages of equal values could overlap.
        SortPart("pk", F("pk"), int, descending=True),
    ]


_SORT_KEYS: dict[str, tuple[Expr, type]] = {
    "name": (ByCharacter(Lowered(F("name"))), str),
    "latest": (F("latest_version"), int),
    "versions": (F("version_count"), int),
    "updated": (F("updated"), int),
    "created": (F("created"), int),
    "registered_by": (
        ByCharacter(Lowered(Coalesce(F("created_by__username"), Value("")))),
        str,
    ),
    "starred": (
        Case(
            When(is_starred=True, then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        ),
        int,
    ),
}


def _model_rows(models: Sequence[Any]) -> list[ModelRow]:
    keys = [model.pk for model in models]
    aliases, tags = _aliases_of(keys), _visible_tags(keys)
    return [
        ModelRow(
            model, model.is_starred, tuple(aliases[model.pk]), tuple(tags[model.pk])
        )
        for model in models
    ]


def _aliases_of(models: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    rows = ModelAlias.objects.filter(model__in=models).order_by("-version", "name")
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for model, name, number in rows.values_list("model", "name", "version__number"):
        found[model].append((name, number))
    return found


def _visible_tags(models: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """The tags that people see."""
    rows = without_system_tags(RegisteredModelTag.objects.filter(model__in=models))
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for model, key, value in rows.values_list("model", "key", "value"):
        found[model].append((key, value))
    return found
