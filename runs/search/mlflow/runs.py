"""What runs/search finds: filter, experiments, stage and order, from the best side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Exists, F, OrderBy, Q
from django.db.models.lookups import Exact, In

from runs.models import Experiment, Run, RunQuerySet, User, Workspace
from runs.search.mlflow.order import mlflow_order
from runs.search.query import LeadScan, Plan, filter_condition, plan_for
from runs.search.sql import IndexScan, Scope, Unindexed, make_scope, metric_rows
from studio.core.filters import tree
from studio.core.filters.fields import Sort
from studio.core.filters.tree import Field, Node, fields_of


@dataclass(frozen=True)
class MlflowRunSearch:
    """`deleted` asks for runs in the trash, for others, or (None) for all."""

    node: Node | None
    viewer: User
    workspace: Workspace
    numbers: Sequence[int]
    deleted: bool | None
    sorts: Sequence[Sort]
    now: int

    def rows(self, start: int, stop: int) -> list[Run]:
        """The runs from one place in the order to another."""
        field = self._leading_metric
        if field is None:
            order = mlflow_order(self.sorts, self.workspace)
            return list(self._matching_runs(None).order_by(*order)[start:stop])
        return self._rows_by_metric(field, start, stop)

    def _rows_by_metric(self, field: Field, start: int, stop: int) -> list[Run]:
        """First the runs that have a number, in the order of its index; then others."""
        join = Q(metrics__key=self._query_scope.key(field), metrics__last__isnull=False)
        first, *others = self.sorts
        number = OrderBy(F("metrics__last"), descending=first.descending)
        ties = mlflow_order(others, self.workspace)
        having = self._matching_runs(LeadScan(join, "metrics__run_id")).order_by(
            number, *ties
        )
        found = list(having[start:stop])
        if len(found) == stop - start:
            return found
        # A page that begins after all of them found none, so they are counted.
        passed = start + len(found) if found else having.order_by().count()
        numbers = metric_rows(field, self._query_scope).filter(last__isnull=False)
        rest = self._matching_runs(None).filter(~Q(Exists(numbers)))
        rest = rest.order_by(*mlflow_order(self.sorts, self.workspace))
        return found + list(rest[max(0, start - passed) : stop - passed])

    @cached_property
    def _leading_metric(self) -> Field | None:
        """The metric whose index orders the runs, if one does."""
        field = self.sorts[0].field if self.sorts else None
        if field is None or field.kind != tree.METRICS or field.aggregate != "last":
            return None
        # Sorting few candidates is faster than reading the index of the metric.
        is_led = (
            self._plan.candidates is None and self._query_scope.key(field) is not None
        )
        return field if is_led else None

    @cached_property
    def _query_scope(self) -> Scope:
        fields = {*fields_of(self.node), *(sort.field for sort in self.sorts)}
        return make_scope(self.viewer, self.workspace, self.now, fields)

    @cached_property
    def _requested_experiments(self) -> dict[int, bool]:
        """Which experiments are asked for, and whether each is in the trash."""
        rows = Experiment.objects.filter(
            workspace=self.workspace, number__in=self.numbers
        )
        found = rows.values_list("pk", "deleted")
        return {pk: deleted is not None for pk, deleted in found}

    @cached_property
    def _plan(self) -> Plan:
        runs = Run.objects.filter(experiment__in=list(self._requested_experiments))
        return plan_for(self.node, self._query_scope, IndexScan(runs, "pk"))

    def _matching_runs(self, lead: LeadScan | None) -> RunQuerySet:
        """The runs that match, from a lead or looked up by their keys."""
        runs, is_led = Run.objects.all(), True
        if lead is not None:
            runs = runs.filter(lead.condition)
        elif self._plan.candidates is not None:
            runs = runs.filter(pk__in=self._plan.candidates)
        else:
            is_led = False
        runs = runs.of_member(self.workspace, self.viewer)
        column = Unindexed(F("workspace_id")) if is_led else F("workspace_id")
        runs = runs.filter(
            Q(Exact(column, self.workspace.pk)), self._lifecycle_condition()
        )
        if self.node is not None:
            runs = runs.filter(filter_condition(self.node, self._query_scope))
        # Not by joins: a planner could start at the experiments.
        return runs.prefetch_related("experiment", "submitter")

    def _lifecycle_condition(self) -> Q:
        everything = list(self._requested_experiments)
        if self.deleted is None:
            return _in_experiments(everything)
        alive = [pk for pk, gone in self._requested_experiments.items() if not gone]
        if not self.deleted:
            return _in_experiments(alive) & Q(deleted__isnull=True)
        gone = [pk for pk, is_gone in self._requested_experiments.items() if is_gone]
        return _in_experiments(gone) | (
            _in_experiments(everything) & Q(deleted__isnull=False)
        )


def _in_experiments(experiments: Sequence[int]) -> Q:
    """In the experiments. Their index would order runs one experiment at a time."""
    if not experiments:
        return Q(pk__in=())
    return Q(In(Unindexed(F("experiment_id")), list(experiments)))
