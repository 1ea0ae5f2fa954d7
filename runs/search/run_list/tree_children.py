"""What is open below the roots of a page: the children of the open rows.

Open are the rows that `tree` names and whose parents are open up to a root of the page.
Those that only lead to matches are open by themselves, where the page has few of them.
A child shows if it or a descendant matches, or if that is true of no child of its row.
The children of a row come in the order of the list, the first few of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FloatField,
    IntegerField,
    OrderBy,
    Q,
    Subquery,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber

from runs.models import Run
from runs.search.fields import SortIndex, source_of, text_sort_key
from runs.search.query import RunQuery, SortPart, sort_parts
from runs.search.run_list.run_page import (
    MoreChildren,
    TreePlace,
    without_heavy_columns,
)
from runs.search.sql import text_rows
from studio.core.filters.fields import Sort
from studio.core.view_text import RowExpansion

#: Number of children at first; each *Show more* adds MORE.
FIRST_CHILDREN, MORE_CHILDREN = 10, 50
#: Below a row that is open by itself, and on how many roots of a page rows are so.
FIRST_MATCHES, MAX_OPEN_PATHS = 3, 10
#: Maximum runs between roots and matches to check for a match.
MAX_PATH_RUNS = 100


@dataclass
class OpenBranches:
    """The open rows' children, by their parents, and where each row hangs."""

    children: dict[int, list[Run]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[int, int] = field(default_factory=dict)
    opened: frozenset[int] = frozenset()
    matching: frozenset[int] = frozenset()
    places: dict[int, TreePlace] = field(default_factory=dict)
    #: Ids that the spec's `tree` names and no run of the workspace has.
    unknown: tuple[str, ...] = ()

    def rows_depth_first(self, roots: Sequence[Run]) -> list[Run]:
        """Every row, depth first; says where each hangs."""
        found: list[Run] = []
        for root in roots:
            found += self._children_below(root, 0, ())
        return found

    def _children_below(
        self, run: Run, depth: int, after: tuple[MoreChildren, ...]
    ) -> Iterator[Run]:
        """The run and its open children; `after` follows the last of them."""
        children = self.children.get(run.pk, [])
        is_open = run.pk in self.opened
        if is_open:
            total = self.totals.get(run.pk, 0)
            more = MoreChildren(run.run_id, depth + 1, len(children), total)
            if total != len(children) or not total:
                after = (more, *after)
        is_match = run.pk in self.matching
        # If the row has children, the last of them carries it.
        ends = () if children else after
        self.places[run.pk] = TreePlace(depth, is_match, is_open, after=ends)
        yield run
        for child in children:
            last = after if child is children[-1] else ()
            yield from self._children_below(child, depth + 1, last)


def open_branches(run_query: RunQuery, roots: Sequence[Run]) -> OpenBranches:
    """What is open below these roots, in a fixed number of queries."""
    asked = {each.run_id: each for each in run_query.spec.tree}
    named = _find_named_runs(run_query, asked) if asked else []
    closed = {pk for pk, run_id, _ in named if asked[run_id].is_closed}
    limits = _find_open_rows(named, roots, asked)
    known = {run_id for _, run_id, _ in named}
    matching = _keys_of_matching_runs(run_query, [run.pk for run in roots])
    paths = {run.pk for run in roots} - matching
    if len(paths) <= MAX_OPEN_PATHS:
        limits |= dict.fromkeys(paths - closed - limits.keys(), FIRST_MATCHES)
    branches = OpenBranches(unknown=tuple(each for each in asked if each not in known))
    if limits:
        top = [run.root_id or run.pk for run in roots if run.pk in limits]
        path_runs = _find_runs_above_matches(run_query, top)
        between = set(path_runs) - closed - limits.keys()
        if between and len(path_runs) <= MAX_PATH_RUNS:
            paths = between - _keys_of_matching_runs(run_query, between)
            limits |= dict.fromkeys(paths, FIRST_MATCHES)
        found = _add_children(branches, run_query, limits, path_runs)
        matching |= _keys_of_matching_runs(run_query, found)
    branches.opened, branches.matching = frozenset(limits), frozenset(matching)
    return branches


def _keys_of_matching_runs(run_query: RunQuery, keys: Collection[int]) -> set[int]:
    rows = run_query.filter_runs(Run.objects.filter(pk__in=list(keys)))
    return set(rows.values_list("pk", flat=True)) if keys else set()


def _add_children(
    branches: OpenBranches,
    run_query: RunQuery,
    limits: Mapping[int, int],
    path_runs: Sequence[int],
) -> Collection[int]:
    """Hang the first children of each open row below it; returns their keys."""
    ranked = _rank_children(run_query, limits, path_runs)
    found_parents = {parent for _, parent, _ in ranked}
    others = {pk: shown for pk, shown in limits.items() if pk not in found_parents}
    if others and run_query.node is not None:
        # Who opens a row wants to see what is below it.
        ranked += _rank_children(replace(run_query, node=None), others, ())
    pks = [pk for pk, *_ in ranked]
    found = {
        run.pk: run
        for run in without_heavy_columns(Run.objects.filter(pk__in=pks), run_query.spec)
    }
    for pk, parent, total in ranked:
        if pk in found:
            branches.children[parent].append(found[pk])
            branches.totals[parent] = total
    return found.keys()


NamedRun = tuple[int, str, int | None]


def _find_named_runs(run_query: RunQuery, shown: Iterable[str]) -> list[NamedRun]:
    """The runs of these ids, each with its parent."""
    here = Run.objects.in_workspace(run_query.scope.workspace)
    rows = here.filter(run_id__in=list(shown))
    return list(rows.values_list("pk", "run_id", "parent_id"))


def _find_open_rows(
    named: Sequence[NamedRun], roots: Sequence[Run], asked: Mapping[str, RowExpansion]
) -> dict[int, int]:
    """The open rows whose parents are all open, and how many children each shows."""
    tops = {run.pk for run in roots}
    opened: dict[int, int] = {}
    grows = True
    # A row can be named before its parent, so this repeats until nothing is added.
    while grows:
        more = {
            pk: asked[run_id].shown or FIRST_CHILDREN
            for pk, run_id, parent in named
            if pk not in opened and (pk in tops or parent in opened)
            if not asked[run_id].is_closed
        }
        opened |= more
        grows = bool(more)
    return opened


def _find_runs_above_matches(run_query: RunQuery, roots: Sequence[int]) -> list[int]:
    """The runs above matching ones in these trees, from the grandchildren on."""
    # Above a child is only its root, which is on the page anyway.
    deep = Run.objects.filter(root__in=roots).exclude(parent=F("root"))
    try:
        rows = run_query.filter_runs(deep).values("parent_id").distinct()
        sql, given = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE way(pk) AS (SELECT parent_id FROM ({sql}) AS deep "
            "UNION SELECT r.parent_id FROM runs_run r JOIN way ON r.id = way.pk "
            "WHERE r.parent_id IS NOT NULL) SELECT pk FROM way",
            given,
        )
        return [row[0] for row in cursor.fetchall()]


def _rank_children(
    run_query: RunQuery, limits: Mapping[int, int], path_runs: Sequence[int]
) -> list[tuple[int, int, int]]:
    """The first children of each open row: their keys, their parents, how many are."""
    below = Run.objects.filter(parent__in=list(limits))
    own = run_query.filter_runs(below)
    children = below.filter(Q(pk__in=own.values("pk")) | Q(pk__in=path_runs))
    order = _children_order(run_query.spec.sort, run_query)
    limit = Case(
        *(When(parent=pk, then=Value(shown)) for pk, shown in limits.items()),
        output_field=IntegerField(),
    )
    ranked = children.annotate(
        rank=Window(RowNumber(), partition_by=F("parent_id"), order_by=order),
        total=Window(Count("pk"), partition_by=F("parent_id")),
    ).filter(rank__lte=limit)
    found = ranked.order_by("parent_id", "rank")
    return list(found.values_list("pk", "parent_id", "total"))


def _children_order(sort: Sort, run_query: RunQuery) -> list[OrderBy]:
    """The list's order for few runs: no index has it."""
    down = sort.descending
    index = source_of(sort.field).index
    if index == SortIndex.ARRIVAL:
        return [OrderBy(F("pk"), descending=down)]
    if index == SortIndex.TEXT:
        return _order_by_text(sort, run_query)
    return [
        OrderBy(_sort_expression(part), descending=part.descending)
        for part in sort_parts(sort, run_query.scope)
    ]


def _sort_expression(part: SortPart) -> Any:
    return part.value


def _text_expression(text: Any) -> Any:
    return text_sort_key(text).value


def _order_by_text(sort: Sort, run_query: RunQuery) -> list[OrderBy]:
    """Numbers by their size, then texts, then a tag that is only a word."""
    newest = OrderBy(F("pk"), descending=True)
    if run_query.scope.key(sort.field) is None:
        return [newest]
    rows, down = text_rows(sort.field, run_query.scope), sort.descending
    number = Coalesce(
        Subquery(rows.values("number")[:1]), 0.0, output_field=FloatField()
    )
    text = Subquery(rows.values("value")[:1], output_field=TextField(null=True))
    rank = Case(
        When(Exists(rows.filter(number__isnull=False)), then=Value(0)),
        When(Exists(rows.filter(value__isnull=False)), then=Value(1)),
        When(Exists(rows), then=Value(2)),
        default=Value(9),
        output_field=IntegerField(),
    )
    # The order of numbers is known already, so their texts do not count.
    value = Case(
        When(Exists(rows.filter(number__isnull=True)), then=_text_expression(text)),
        default=Value("", output_field=TextField()),
        output_field=TextField(),
    )
    return [
        OrderBy(rank),
        OrderBy(number, descending=down),
        OrderBy(value, descending=down),
        newest,
    ]
