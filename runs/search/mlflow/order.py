"""The order of runs/search: MLflow's, which is not that of the pages.

What is missing comes last in both directions, and a NaN after all numbers but before
what is missing. Ties go by start, newest first, then by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import (
    Case,
    CharField,
    F,
    IntegerField,
    OrderBy,
    OuterRef,
    Subquery,
    Value,
    When,
)

from runs.models import Key, KeyKind, Metric, RunParam, RunTag, Workspace
from runs.models.functions import StartOrder
from runs.search.fields import source_of
from studio.core.filters import tree
from studio.core.filters.fields import Sort
from studio.core.filters.mlflow import STATUSES_OF
from studio.core.filters.tree import Field

TIE_ORDER = [OrderBy(StartOrder(F("started")), descending=True), OrderBy(F("run_id"))]


def mlflow_order(sorts: Sequence[Sort], workspace: Workspace) -> list[OrderBy]:
    """The order that the sorts and MLflow's rules give."""
    order: list[OrderBy] = []
    if sorts and sorts[0] == Sort(tree.attribute("started"), descending=True):
        # As ties go anyway.
        sorts = ()
    for sort in sorts:
        if sort.field.kind == tree.METRICS:
            order.append(OrderBy(_nan_rank(sort.field, workspace), nulls_last=True))
        value = _sort_expression(sort.field, workspace)
        order.append(OrderBy(value, descending=sort.descending, nulls_last=True))
    return [*order, *TIE_ORDER]


def _nan_rank(field: Field, workspace: Workspace) -> Subquery:
    """0 for a number, 1 for NaN, nothing where the metric is missing."""
    rank = Case(
        When(last__isnull=False, then=Value(0)),
        When(last_is_nan=True, then=Value(1)),
        output_field=IntegerField(),
    )
    rows = _rows_with_key(Metric, field, KeyKind.METRIC, workspace)
    return Subquery(rows.annotate(rank=rank).values("rank")[:1])


def _sort_expression(field: Field, workspace: Workspace) -> Any:
    if field.kind == tree.METRICS:
        rows = _rows_with_key(Metric, field, KeyKind.METRIC, workspace)
        return Subquery(rows.values("last")[:1])
    if field.kind == tree.TAGS:
        return Subquery(
            _rows_with_key(RunTag, field, KeyKind.TAG, workspace).values("value")[:1]
        )
    if field.kind == tree.PARAMS:
        rows = _rows_with_key(RunParam, field, KeyKind.PARAM, workspace)
        return Subquery(rows.values("value")[:1])
    if field.key == "status":
        return _status_word()
    return source_of(field).expression


def _status_word() -> Case:
    """Statuses sort by MLflow's words, as its server sorts them."""
    whens = [
        When(status__in=[status.code for status in group], then=Value(word))
        for word, group in STATUSES_OF.items()
    ]
    return Case(*whens, output_field=CharField())


def _rows_with_key(
    model: type[Metric] | type[RunTag] | type[RunParam],
    field: Field,
    kind: KeyKind,
    workspace: Workspace,
) -> Any:
    keys = Key.objects.filter(workspace=workspace, kind=kind, name=field.key)
    key = keys.values_list("pk", flat=True).first()
    rows: Any = model._default_manager
    # No key has the number 0, so an unknown name finds nothing.
    return rows.filter(run=OuterRef("pk"), key=key or 0)
