"""Every field that the runs of a list could show as a column, and how many have it.

    list_fields(spec, viewer, workspace, part="acc") -> FieldList

Counts are those of the newest 10,000 runs that match; where there are more, the list
says so, and names found only in older runs come without a count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from runs.models import (
    Experiment,
    Key,
    User,
    Workspace,
    now_ms,
)
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.search.query import MAX_EXACT_COUNT, build_query, newest_runs
from runs.search.sql import KEY_KINDS, InKeys, keys_containing, time_limit
from runs.search.values import KeyCounter
from studio.core.filters import tree
from studio.core.filters.catalog import ATTRIBUTE_SPECS
from studio.core.filters.tree import Field
from studio.core.names import natural_order
from studio.core.statuses import GROUPS
from studio.core.view_spec import ViewSpec

#: Names of one kind that a look-up names at the most.
MAX_NAMES = 60
AGGREGATES = ("last", "min", "max")
CHILDREN = ("count", *(name.lower() for name in GROUPS if name != "Other"))
#: Of keys, in the order of the dialog.
KINDS = (tree.METRICS, tree.TAGS, tree.PARAMS, tree.PROPERTIES)


@dataclass(frozen=True)
class ListedField:
    """A field; `runs` is None where every run has it, or where it was not counted."""

    field: Field
    runs: int | None = None


@dataclass(frozen=True)
class FieldList:
    """The fields of each kind that were found, commonest first.

    `more` says how many names of a kind were left out, `total` how many fields there
    are whatever was looked for. Without `exact`, counts are those of the newest runs.
    """

    found: Mapping[str, Sequence[ListedField]]
    more: Mapping[str, int]
    total: int
    exact: bool


def list_fields(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    part: str = "",
) -> FieldList:
    """The fields whose key holds `part`; attributes are found by their label too."""
    with time_limit():
        runs, exact = _newest_runs(spec, viewer, workspace, experiment)
        counter = KeyCounter(runs)
        counts = {kind: counter.count(kind) for kind in KINDS}
        names = _key_names(workspace, counts, part, exact)
    found: dict[str, list[ListedField]] = {tree.ATTRIBUTE: list_attributes()}
    more: dict[str, int] = {}
    total = len(found[tree.ATTRIBUTE])
    for kind in KINDS:
        keys = [
            (name, counts[kind].get(pk))
            for pk, name in names[kind]
            if part or not name.startswith(SYSTEM_TAG_PREFIX)
        ]
        # Each metric is several fields, one for each aggregate.
        times = len(AGGREGATES) if kind == tree.METRICS else 1
        total += times * len(counts[kind])
        keys.sort(key=lambda each: (-(each[1] or 0), natural_order(each[0])))
        there = len(keys) if part else len(counts[kind])
        more[kind] = times * max(there - MAX_NAMES, 0)
        found[kind] = [
            ListedField(field, n)
            for name, n in keys[:MAX_NAMES]
            for field in _matching_fields(kind, name)
        ]
    return FieldList(found, more, total, exact)


def list_attributes() -> list[ListedField]:
    own = [Field(tree.ATTRIBUTE, s.name) for s in ATTRIBUTE_SPECS if s.column]
    children = [Field(tree.CHILDREN, word) for word in CHILDREN]
    return [ListedField(field) for field in (*own, *children)]


def _matching_fields(kind: str, name: str) -> Iterable[Field]:
    if kind != tree.METRICS:
        return [Field(kind, name)]
    return [Field(kind, name, aggregate) for aggregate in AGGREGATES]


def _newest_runs(
    spec: ViewSpec, viewer: User, workspace: Workspace, experiment: Experiment | None
) -> tuple[list[int], bool]:
    """The newest matching runs, and whether they are all that match."""
    now = now_ms()
    run_query = build_query(spec, viewer, workspace, now=now, experiment=experiment)
    newest = newest_runs(run_query).values_list("pk")
    limit = MAX_EXACT_COUNT
    found = [pk for (pk,) in newest[: limit + 1]]
    return found[:limit], len(found) <= limit


def _key_names(
    workspace: Workspace, counts: Mapping[str, dict[int, int]], part: str, exact: bool
) -> dict[str, list[tuple[int, str]]]:
    """The names of keys by kind: the commonest, or all that hold `part`."""
    rows = Key.objects.filter(workspace=workspace)
    if part:
        rows = rows.filter(keys_containing(part))
    else:
        common = [pk for each in counts.values() for pk in _most_common(each)]
        rows = rows.filter(Q(InKeys("pk", common)))
    found: dict[str, list[tuple[int, str]]] = {kind: [] for kind in KINDS}
    by_kind = {KEY_KINDS[kind].value: kind for kind in KINDS}
    for pk, kind, name in rows.values_list("pk", "kind", "name"):
        named = by_kind[kind]
        if pk in counts[named] or (part and not exact):
            found[named].append((pk, name))
    return found


def _most_common(counts: Mapping[int, int]) -> list[int]:
    """The most common keys, and some more for those that are hidden by default."""
    return sorted(counts, key=lambda pk: -counts[pk])[: 2 * MAX_NAMES]
