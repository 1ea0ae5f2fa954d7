"""Turn a ViewSpec, and the tree of its filter, into a set of runs without an order.

Every leaf of a condition is true or false, never NULL, so that NOT is exact: "not x"
also matches the runs that lack the value.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.lookups import Exact

from runs.models import Experiment, Run, RunQuerySet, User, Workspace
from runs.search.fields import matching_log_runs, source_of
from runs.search.log_index import LOG, log_terms, read_pattern
from runs.search.query.query_plan import MAX_CANDIDATES, LeadScan, Plan, plan_for
from runs.search.query.selection import selected_keys
from runs.search.query.view_terms import VIEW, expand_views
from runs.search.sql import (
    IndexScan,
    InKeys,
    Scope,
    Unindexed,
    false_if_null,
    join_conditions,
    joined_word_condition,
    look_up_each,
    make_scope,
    word_condition,
)
from studio.core.filters import tree
from studio.core.filters.tree import (
    And,
    Comparison,
    Field,
    Node,
    Not,
    Number,
    Or,
    Text,
    Value,
    Word,
    all_of,
    fields_of,
    terms,
)
from studio.core.view_spec import ViewSpec

#: How much deeper a word and a comparison make the SQL expression, at most. Above
#: MAX_FLAT_DEPTH they are nested in groups, since SQLite's limit is 1,000.
WORD_DEPTH, COMPARISON_DEPTH = 8, 3
MAX_FLAT_DEPTH = 800
GROUP_SIZE = 8
#: The newest runs that are checked on PostgreSQL; if this share matches, runs are
#: looked up one after the other.
SAMPLE_ROWS, MIN_DENSE_SHARE = 500, 0.03
#: The most terms that PostgreSQL joins well.
MAX_PLAIN_TERMS = 2
#: Values in one `in`: the database compares them one by one.
MAX_MERGED_VALUES = 400


def runs_matching(
    node: Node | None,
    *,
    viewer: User,
    workspace: Workspace,
    now: int,
    any_star: bool = False,
) -> RunQuerySet:
    """The runs that the viewer can see and the filter matches, the trash included.

    With `any_star`, `starred` means starred by any member. Raises InvalidFilter for
    what cannot be answered.
    """
    fields = fields_of(node)
    if VIEW in fields:
        node = expand_views(node, viewer, workspace)
        fields = fields_of(node)
    scope = replace(make_scope(viewer, workspace, now, fields), any_star=any_star)
    runs = Run.objects.visible_to(viewer).in_workspace(workspace)
    return runs if node is None else runs.filter(filter_condition(node, scope))


def filter_condition(node: Node, scope: Scope) -> Q:
    """The condition that a run of the scope's workspace must fulfill."""
    return _node_condition(node, scope, is_deep=_nesting_depth(node) > MAX_FLAT_DEPTH)


def _node_condition(node: Node, scope: Scope, *, is_deep: bool) -> Q:
    if isinstance(node, (And, Or)):
        parts = [_node_condition(child, scope, is_deep=is_deep) for child in node.nodes]
        connector = Q.AND if isinstance(node, And) else Q.OR
        return join_conditions(
            parts, connector, width=GROUP_SIZE if is_deep else len(parts)
        )
    if isinstance(node, Not):
        return ~_node_condition(node.node, scope, is_deep=is_deep)
    if isinstance(node, Word):
        found = word_condition(node.text, scope)
    else:
        found = _comparison_condition(node, scope)
    return false_if_null(found) if is_deep else found


def _nesting_depth(node: Node) -> int:
    if isinstance(node, (And, Or)):
        return sum(_nesting_depth(child) for child in node.nodes)
    if isinstance(node, Not):
        return _nesting_depth(node.node) + 1
    return WORD_DEPTH if isinstance(node, Word) else COMPARISON_DEPTH


def _comparison_condition(node: Comparison, scope: Scope) -> Q:
    condition = source_of(node.field).condition
    assert condition is not None, node.field
    # MLflow's `any` of a dataset: a negated one is a condition of its own.
    if node.field.kind == tree.DATASETS and node.field.aggregate == "any":
        return condition(node, scope)
    positive = tree.NEGATED.get(node.op)
    if positive is None:
        return condition(node, scope)
    return ~condition(replace(node, op=positive), scope)


def merge_alternatives(node: Node) -> Node:
    """Write `a = 1 or a = 2` as `a in (1, 2)`, which means the same."""
    if isinstance(node, And):
        return And(tuple(merge_alternatives(each) for each in node.nodes))
    if isinstance(node, Not):
        return Not(merge_alternatives(node.node))
    if isinstance(node, Or):
        nodes = _merge_nodes(merge_alternatives(each) for each in node.nodes)
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))
    return node


def _merge_nodes(nodes: Iterable[Node]) -> list[Node]:
    kept: list[Node] = []
    values: dict[tuple[Field, type], list[Value]] = {}
    first: dict[tuple[Field, type], Comparison] = {}
    for node in nodes:
        if not isinstance(node, Comparison) or not _is_mergeable(node):
            kept.append(node)
            continue
        # Texts and numbers are compared with different columns.
        kind = (node.field, type(node.values[0]))
        first.setdefault(kind, node)
        values.setdefault(kind, []).extend(node.values)
    for kind, node in first.items():
        found = list(dict.fromkeys(values[kind]))
        starts = range(0, len(found), MAX_MERGED_VALUES)
        kept += [
            _comparison_with_values(node, found[n : n + MAX_MERGED_VALUES])
            for n in starts
        ]
    return kept


def _is_mergeable(node: Comparison) -> bool:
    return node.op in ("=", "in") and all(
        isinstance(value, (Text, Number)) and type(value) is type(node.values[0])
        for value in node.values
    )


def _comparison_with_values(node: Comparison, values: list[Value]) -> Comparison:
    op = "=" if len(values) == 1 else "in"
    return Comparison(node.field, op, tuple(values), node.span)


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
        if lead is not None:
            chosen = "workspace_id" if lead.is_own_index else ""
            runs = Run.objects.filter(lead.condition)
            return self.filter_runs(runs, lead.terms, indexed=(chosen,))
        if self.plan.candidates is not None:
            runs = Run.objects.filter(self._is_candidate())
            return self.filter_runs(runs, are_few=True)
        return self.filter_runs(Run.objects.all(), indexed=self._fixed_columns())

    def _is_candidate(self) -> Q:
        candidates = self.plan.candidates or ()
        is_short = len(candidates) <= MAX_CANDIDATES
        return Q(pk__in=candidates) if is_short else Q(InKeys("pk", candidates))

    def filter_runs(
        self,
        runs: RunQuerySet,
        known_terms: Sequence[Node] = (),
        *,
        indexed: Container[str] = (),
        are_few: bool = False,
    ) -> RunQuerySet:
        """Keep the runs that match; they are known to fulfill `known_terms`.

        They are reached in some way, so of the fixed columns the database can use only
        the index of `indexed` ones. If they `are_few`, each is looked up.
        """
        runs = runs.of_member(self.scope.workspace, self.scope.viewer)
        for name, value in self._fixed_columns().items():
            column = F(name) if name in indexed else Unindexed(F(name))
            runs = runs.filter(Q(Exact(column, value)))
        runs = self._apply_switches(runs)
        node = _remove_known_terms(self.node, known_terms)
        if node is None:
            return runs
        if are_few:
            return runs.filter(look_up_each(filter_condition(node, self.scope)))
        if _misleads_planner(node) and self.is_dense:
            return runs.filter(_dense_condition(node, self.scope))
        return runs.filter(filter_condition(node, self.scope))

    @cached_property
    def is_dense(self) -> bool:
        """Whether many of the newest runs match, on PostgreSQL; queries the database.

        Its planner expects matches to be spread evenly, and conditions not to depend
        on each other. So it reads a whole index rather than looking up some rows.
        """
        if connection.vendor != "postgresql" or self.plan.candidates is not None:
            return False
        assert self.node is not None
        alone = replace(self, node=None)
        newest = alone.runs().order_by("-pk").values_list("pk", flat=True)
        keys = list(newest[:SAMPLE_ROWS])
        condition = filter_condition(self.node, self.scope)
        found = Run.objects.filter(Q(InKeys("pk", keys)), look_up_each(condition))
        return found.count() >= MIN_DENSE_SHARE * SAMPLE_ROWS

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
        # Unfiltered and by arrival, the index on the experiment needs no lead.
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


def _misleads_planner(node: Node) -> bool:
    """Whether PostgreSQL can badly guess how many runs match."""
    parts = terms(node)
    is_plain = all(isinstance(part, (Comparison, Not)) for part in parts)
    return not is_plain or len(parts) > MAX_PLAIN_TERMS


def _dense_condition(node: Node, scope: Scope) -> Q:
    """The condition for runs that are read in order, where many match."""
    parts = [
        joined_word_condition(part.text, scope)
        if isinstance(part, Word)
        else look_up_each(filter_condition(part, scope))
        for part in terms(node)
    ]
    return join_conditions(parts, Q.AND)


def _remove_known_terms(node: Node | None, known_terms: Sequence[Node]) -> Node | None:
    """The filter without the terms that are known to hold."""
    if not known_terms:
        return node
    kept = [term for term in terms(node) if all(term is not k for k in known_terms)]
    return all_of(*kept) if kept else None


def with_log_runs(
    node: Node | None, scope: Scope, experiment: Experiment | None
) -> Scope:
    """The scope with the runs whose logs match, of those that fulfill all other terms.

    Reading logs takes longer than all else, so other terms decide which are read.
    Raises InvalidFilter, QueryTimeout.
    """
    # Most filters have no term on logs.
    if node is None or LOG not in fields_of(node):
        return scope
    searched = [
        replace(term, op=tree.NEGATED.get(term.op, term.op)) for term in log_terms(node)
    ]
    searched = [term for term in searched if term.op not in tree.NO_VALUE]
    if not searched:
        return scope
    others = [term for term in terms(node) if LOG not in fields_of(term)]

    def narrow(keys: Sequence[int]) -> Iterable[int]:
        runs = Run.objects.filter(Q(InKeys("id", keys))).not_deleted()
        if experiment is not None:
            runs = runs.filter(experiment=experiment)
        for term in others:
            runs = runs.filter(filter_condition(term, scope))
        return runs.values_list("pk", flat=True)

    found = {
        read_pattern(term): matching_log_runs(term, scope, narrow) for term in searched
    }
    return replace(scope, log_runs=found)


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
    if VIEW in fields_of(parsed):
        parsed = expand_views(parsed, viewer, workspace)
    node = None if parsed is None else merge_alternatives(parsed)
    scope = make_scope(viewer, workspace, now, {*fields_of(node), *fields})
    scope = with_log_runs(node, scope, experiment)
    selected = None
    if spec.only:
        # A free number has the key 0.
        selected = tuple(filter(None, selected_keys(spec, workspace)))
    return RunQuery(spec, node, scope, experiment, parent, selected, within, selected)
