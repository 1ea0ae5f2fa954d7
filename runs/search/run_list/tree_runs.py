"""The run list as a tree: roots are paged, children open under their row.

A root shows if it or a descendant matches. It sorts by its own value, or else by the
kept best of all its descendants, whatever the filter says. So the roots of few matching
runs are gathered from those; of many, the roots are walked, and each is asked whether
something in its tree matches. The number of queries is bounded, whatever the rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from runs.models import Experiment, RootMetric, Run, RunQuerySet, User, Workspace
from runs.search.query.query_plan import Lead, Way
from runs.search.query.run_query import Question, ask
from runs.search.query.status_counts import EXACT, newest_parts, tally, tally_and_narrow
from runs.search.run_list.find_runs import RunPage, page_of, rows_of
from runs.search.run_list.tree_children import open_branches
from runs.search.sql.access_paths import INDEXED
from runs.search.sql.limits import time_limit
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.viewspec import ViewSpec


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
class RootQuestion(Question):
    """Asks for the roots of the runs that match; `found` has them, if known."""

    found: tuple[int, ...] | None = None

    @cached_property
    def way(self) -> Way:
        return Way(few=self.found)

    @property
    def sorts_by_best(self) -> bool:
        field = self.spec.sort.field
        return field.kind == tree.METRICS and field.aggregate in INDEXED

    def runs(self, lead: Lead | None = None) -> RunQuerySet:
        runs = Run.objects.all()
        if lead is not None:
            runs = runs.filter(lead.condition)
        if self.found is not None:
            return runs.filter(pk__in=self.found)
        runs = runs.of_member(self.scope.workspace, self.scope.viewer)
        place = Q(workspace=self.scope.workspace) if lead is None else Q()
        return runs.filter(place, self._shows, parent=None)

    @cached_property
    def _shows(self) -> Q:
        """Whether the root at hand, or a run below it, matches."""
        own = self.among(Run.objects.filter(pk=OuterRef("pk")))
        below = self.among(Run.objects.filter(root=OuterRef("pk")))
        return Q(Exists(own)) | Q(Exists(below))


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
    question = ask(
        replace(spec, children=True),
        viewer,
        workspace,
        now=time.time_ns() // 1_000_000 if now is None else now,
        experiment=experiment,
        fields=[*asked, spec.sort.field],
    )
    with time_limit():
        counts, question = tally_and_narrow(question)
        is_small = counts.exact and counts.total <= EXACT
        roots = _roots_of(question, _gathered(question) if is_small else None)
        runs, before, after, first = page_of(roots)
        branches = open_branches(question, runs)
        shown = branches.in_order(runs)
        best = best_below(runs, asked, question)
        rows = [
            replace(row, place=replace(branches.places[row.run.pk], best=kept))
            for row in rows_of(shown, asked, question)
            for kept in [best.get(row.run.pk, {})]
        ]
        total, exact = _total(question, roots)
    unknown = branches.unknown
    return TreePage(tuple(rows), counts, before, after, first, total, exact, unknown)


def _roots_of(question: Question, found: tuple[int, ...] | None) -> RootQuestion:
    return RootQuestion(
        question.spec,
        question.node,
        question.scope,
        question.experiment,
        selected=question.selected,
        found=found,
    )


def _gathered(question: Question) -> tuple[int, ...]:
    """The roots of all matching runs."""
    top = Coalesce(F("root_id"), F("pk"))
    found: set[int] = set()
    for part in newest_parts(question):
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


def _total(question: Question, roots: RootQuestion) -> tuple[int | None, bool]:
    """How many roots show. Beyond the limit only kept counts can say so."""
    if roots.found is not None:
        return len(roots.found), True
    if question.node is not None or question.is_narrowed:
        return None, False
    alone = replace(question, spec=replace(question.spec, children=False))
    # A hidden root may show the way to children, and another experiment's may too.
    return tally(alone).total, not _may_hide_roots(question)


def _may_hide_roots(question: Question) -> bool:
    if question.experiment is not None:
        return True
    here = Run.objects.in_workspace(question.scope.workspace)
    # One after the other: each has an index of its own.
    hidden = [here.filter(deleted__isnull=False)]
    if not question.spec.archived:
        hidden.append(here.filter(archived__isnull=False))
    gone = Experiment.objects.filter(
        workspace=question.scope.workspace, deleted__isnull=False
    )
    return gone.exists() or any(runs.exists() for runs in hidden)


def best_below(
    runs: Sequence[Run], asked: Sequence[Field], question: Question
) -> dict[int, dict[Field, tuple[float, float]]]:
    """The kept least and greatest values below the roots, of the asked metrics."""
    by_key = {
        question.scope.key(field): field
        for field in asked
        if field.kind == tree.METRICS and field.aggregate in INDEXED
    }
    by_key.pop(None, None)
    found: dict[int, dict[Field, tuple[float, float]]] = {}
    if by_key:
        kept = RootMetric.objects.filter(root__in=runs, key__in=by_key)
        for root, key, low, high in kept.values_list("root_id", "key_id", "min", "max"):
            found.setdefault(root, {})[by_key[key]] = (low, high)
    return found
