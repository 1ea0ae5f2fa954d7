"""Turn a ViewSpec into the set of runs that it means, before order and paging."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.lookups import Exact

from runs.models import Experiment, Run, RunQuerySet, User, Workspace
from runs.search.fields import source_of
from runs.search.query.compile import condition, merge_alternatives
from runs.search.query.query_plan import LeadScan, Plan, plan_for
from runs.search.query.selection import selected_keys
from runs.search.sql.access_paths import IndexScan
from runs.search.sql.expressions import Unindexed
from runs.search.sql.scope import Scope, make_scope
from studio.core.filters import tree
from studio.core.filters.tree import Field, Node, all_of, fields_of, terms
from studio.core.view_spec import ViewSpec

#: Keys of runs, or a query for them.
RunKeys = Sequence[int] | QuerySet[Run, Any]


@dataclass(frozen=True)
class RunQuery:
    """A spec with its filter as a tree, where it applies, and its scope."""

    spec: ViewSpec
    node: Node | None
    scope: Scope
    experiment: Experiment | None = None
    parent: Run | None = None
    #: All runs that could match, where they are known.
    candidates: tuple[int, ...] | None = None
    #: The only runs to search, where the caller knows them.
    within: RunKeys | None = None
    #: The selected runs, where only these are shown, children and archived runs too.
    selected: tuple[int, ...] | None = None

    @cached_property
    def plan(self) -> Plan:
        """How to reach the runs; queries the database."""
        if self.candidates is not None:
            return Plan(candidates=self.candidates)
        return plan_for(self.node, self.scope, *self._required_scans())

    @property
    def sorts_by_best(self) -> bool:
        """Whether a run without the value sorts by the best value below it."""
        return False

    @property
    def is_narrowed(self) -> bool:
        """Whether more than filter, experiment and switches narrows the runs."""
        known = self.parent is not None or self.within is not None
        return self.spec.mine or self.spec.only or known

    def runs(self, lead: LeadScan | None = None) -> RunQuerySet:
        """The matching runs, in no order.

        The lead is joined first, so that orders and cursors may name its columns. Runs
        that are looked up by their keys have no other index to choose.
        """
        runs = Run.objects.all()
        is_led, node = True, self.node
        if lead is not None:
            runs, node = runs.filter(lead.condition), _without(node, lead.terms)
        elif self.plan.candidates is not None:
            runs = runs.filter(pk__in=self.plan.candidates)
        else:
            is_led = False
        runs = runs.of_member(self.scope.workspace, self.scope.viewer)
        is_own_index = lead is not None and lead.is_own_index
        for name, value in self._fixed_columns().items():
            is_chosen = is_own_index and name == "workspace_id"
            column = Unindexed(F(name)) if is_led and not is_chosen else F(name)
            runs = runs.filter(Q(Exact(column, value)))
        return self._filter_by(node, self._apply_switches(runs))

    def filter_runs(
        self, runs: RunQuerySet, known_terms: Sequence[Node] = ()
    ) -> RunQuerySet:
        """Keep the runs that match, looked up by their keys.

        The runs are known to fulfill `known_terms`.
        """
        runs = runs.of_member(self.scope.workspace, self.scope.viewer)
        for name, value in self._fixed_columns().items():
            runs = runs.filter(Q(Exact(Unindexed(F(name)), value)))
        node = _without(self.node, known_terms)
        return self._filter_by(node, self._apply_switches(runs))

    def _filter_by(self, node: Node | None, runs: RunQuerySet) -> RunQuerySet:
        return runs if node is None else runs.filter(condition(node, self.scope))

    def _fixed_columns(self) -> dict[str, int]:
        columns = {"workspace_id": self.scope.workspace.pk}
        if self.experiment is not None:
            columns["experiment_id"] = self.experiment.pk
        if self.parent is not None:
            columns["parent_id"] = self.parent.pk
        if self.spec.mine:
            columns["submitter_id"] = self.scope.viewer.pk
        return columns

    def _required_scans(self) -> list[IndexScan]:
        """Scans that hold every matching run, apart from the filter's own."""
        scans = []
        if self.within is not None:
            scans.append(IndexScan(Run.objects.filter(pk__in=self.within), "pk"))
        if self.parent is not None:
            scans.append(IndexScan(Run.objects.filter(parent=self.parent), "pk"))
        is_sorted = self.spec.sort.field != tree.attribute("created")
        if self.experiment is not None and (self.node is not None or is_sorted):
            own = Q(experiment=self.experiment)
            rows = Run.objects.filter(own)
            scans.append(IndexScan(rows, "pk", join=own, is_ordered=True))
        return scans

    def _apply_switches(self, runs: RunQuerySet) -> RunQuerySet:
        """Leave out what the switches hide, unless the filter names it."""
        named = fields_of(self.node)
        if tree.attribute("deleted") not in named:
            runs = runs.not_deleted()
        shows_archived = self.spec.archived or self.selected is not None
        if not shows_archived and tree.attribute("archived") not in named:
            runs = runs.filter(archived__isnull=True)
        if not self.has_children:
            runs = runs.filter(parent__isnull=True)
        if self.selected is not None:
            runs = runs.filter(pk__in=self.selected)
        if self.within is not None:
            runs = runs.filter(pk__in=self.within)
        return runs

    @property
    def has_children(self) -> bool:
        """Whether child runs can match."""
        if self.spec.children or self.parent is not None:
            return True
        if self.within is not None or self.selected is not None:
            return True
        return any(source_of(field).finds_children for field in fields_of(self.node))


def _without(node: Node | None, known_terms: Sequence[Node]) -> Node | None:
    """The filter without the terms that are known to hold."""
    kept = [term for term in terms(node) if all(term is not k for k in known_terms)]
    return all_of(*kept) if kept else None


def build_query(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    now: int,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    within: RunKeys | None = None,
    fields: Iterable[Field] = (),
) -> RunQuery:
    """Build the query of a spec; `fields` are those that it needs beyond its filter.

    Raises InvalidFilter.
    """
    parsed = spec.filter()
    node = None if parsed is None else merge_alternatives(parsed)
    scope = make_scope(viewer, workspace, now, {*fields_of(node), *fields})
    selected = None
    if spec.only:
        selected = tuple(filter(None, selected_keys(spec, workspace)))
    return RunQuery(spec, node, scope, experiment, parent, selected, within, selected)
