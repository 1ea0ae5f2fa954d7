"""The run list as a tree: roots are paged, children open under their row.

A root shows if it or a descendant matches. It sorts by its own value, or else by the
kept best of all its descendants, whatever the filter says. So the roots of few matching
runs are gathered from those; of many, the roots are walked, and each is asked whether
something in its tree matches. The number of queries is bounded, whatever the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, OuterRef, Q
from django.db.models.functions import Coalesce

from runs.models import (
    Experiment,
    RootMetric,
    Run,
    RunQuerySet,
    User,
    Workspace,
    now_ms,
)
from runs.search.query import (
    MAX_EXACT_COUNT,
    LeadScan,
    Plan,
    RunQuery,
    build_query,
    count_and_keep_candidates,
    count_by_status,
    newest_run_querysets,
)
from runs.search.run_list.run_page import RunPage, build_rows, read_page
from runs.search.run_list.tree_children import open_branches
from runs.search.sql import INDEXED_AGGREGATES, ExistsByLookup, time_limit
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.view_spec import ViewSpec


@dataclass(frozen=True)
class TreePage(RunPage):
    """A page of roots with what is open below them, depth first.

    The counts are those of matching runs. `roots` is how many roots show; None where
    that is beyond counting. `unknown` are ids to open that no run here has.
    """

    roots: int | None = None
    roots_are_exact: bool = True
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class RootRunQuery(RunQuery):
    """Asks for the roots of the runs that match; `found` has them, if known."""

    found: tuple[int, ...] | None = None

    @cached_property
    def plan(self) -> Plan:
        return Plan(candidates=self.found)

    @property
    def is_dense(self) -> bool:
        """What is below a root is looked up in any case."""
        return False

    @property
    def sorts_by_best(self) -> bool:
        field = self.spec.sort.field
        return field.kind == tree.METRICS and field.aggregate in INDEXED_AGGREGATES

    def runs(self, lead: LeadScan | None = None) -> RunQuerySet:
        runs = Run.objects.all()
        if lead is not None:
            runs = runs.filter(lead.condition)
        if self.found is not None:
            return runs.filter(pk__in=self.found)
        runs = runs.of_member(self.scope.workspace, self.scope.viewer)
        place = Q(workspace=self.scope.workspace) if lead is None else Q()
        return runs.filter(place, self._shows_children, parent=None)

    @cached_property
    def _shows_children(self) -> Q:
        """Whether the root at hand, or a run below it, matches."""
        own = self.filter_runs(Run.objects.filter(pk=OuterRef("pk")))
        below = self.filter_runs(Run.objects.filter(root=OuterRef("pk")))
        return Q(ExistsByLookup(own)) | Q(ExistsByLookup(below))


def find_tree(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    now: int | None = None,
) -> TreePage:
    """The page of the tree that the spec asks for, as `viewer` may see it.

    Raises what `find_runs` raises.
    """
    asked = [column.field for column in spec.columns]
    run_query = build_query(
        replace(spec, children=True),
        viewer,
        workspace,
        now=now_ms() if now is None else now,
        experiment=experiment,
        fields=[*asked, spec.sort.field],
    )
    with time_limit():
        counts, run_query = count_and_keep_candidates(run_query)
        is_small = counts.exact and counts.total <= MAX_EXACT_COUNT
        roots = _roots_of(run_query, _roots_of_matches(run_query) if is_small else None)
        runs, before, after, first = read_page(roots)
        branches = open_branches(run_query, runs)
        shown = branches.rows_depth_first(runs)
        best = best_values_below(runs, asked, run_query)
        rows = [
            replace(row, place=replace(branches.places[row.run.pk], best=kept))
            for row in build_rows(shown, asked, run_query.scope)
            for kept in [best.get(row.run.pk, {})]
        ]
        total, exact = _count_total(run_query, roots)
    unknown = branches.unknown
    return TreePage(tuple(rows), counts, before, after, first, total, exact, unknown)


def _roots_of(run_query: RunQuery, found: tuple[int, ...] | None) -> RootRunQuery:
    return RootRunQuery(
        run_query.spec,
        run_query.node,
        run_query.scope,
        run_query.experiment,
        selected=run_query.selected,
        found=found,
    )


def _roots_of_matches(run_query: RunQuery) -> tuple[int, ...]:
    """The roots of all matching runs."""
    # A root has no root of its own.
    top = Coalesce(F("root_id"), F("pk"))
    found: set[int] = set()
    for part in newest_run_querysets(run_query):
        try:
            # In the order of arrival, and so by the index that has it.
            rows = part.annotate(top=top).values("top")
            sql, given = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT top FROM ({sql}) AS matching", given)
            found.update(row[0] for row in cursor.fetchall())
    return tuple(sorted(found))


def _count_total(run_query: RunQuery, roots: RootRunQuery) -> tuple[int | None, bool]:
    """How many roots show. Beyond the limit only kept counts can say so."""
    if roots.found is not None:
        return len(roots.found), True
    if run_query.node is not None or run_query.is_narrowed:
        return None, False
    alone = replace(run_query, spec=replace(run_query.spec, children=False))
    # A hidden root may show the way to children, and another experiment's may too.
    return count_by_status(alone).total, not _may_hide_roots(run_query)


def _may_hide_roots(run_query: RunQuery) -> bool:
    if run_query.experiment is not None:
        return True
    here = Run.objects.in_workspace(run_query.scope.workspace)
    # One after the other: each has an index of its own.
    hidden = [here.filter(deleted__isnull=False)]
    if not run_query.spec.archived:
        hidden.append(here.filter(archived__isnull=False))
    gone = Experiment.objects.filter(
        workspace=run_query.scope.workspace, deleted__isnull=False
    )
    return gone.exists() or any(runs.exists() for runs in hidden)


def best_values_below(
    runs: Sequence[Run], asked: Sequence[Field], run_query: RunQuery
) -> dict[int, dict[Field, tuple[float, float]]]:
    """The kept least and greatest values below the roots, of the asked metrics."""
    by_key = {
        run_query.scope.key(field): field
        for field in asked
        if field.kind == tree.METRICS and field.aggregate in INDEXED_AGGREGATES
    }
    # A metric that no run has ever logged has the key None.
    by_key.pop(None, None)
    found: dict[int, dict[Field, tuple[float, float]]] = {}
    if by_key:
        kept = RootMetric.objects.filter(root__in=runs, key__in=by_key)
        for root, key, low, high in kept.values_list("root_id", "key_id", "min", "max"):
            found.setdefault(root, {})[by_key[key]] = (low, high)
    return found
