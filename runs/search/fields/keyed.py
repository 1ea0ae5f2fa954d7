"""Fields with a key: tags, parameters, properties, metrics, children, datasets; and the
fields of a run that are read from tags and properties: commit, host, all tags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Count, Exists, F, FloatField, Q, Subquery, TextField, When
from django.db.models.functions import Coalesce

from runs.models import Metric, RunDataset
from runs.search.fields.field_source import (
    CellLink,
    FieldSource,
    GroupValues,
    RunContext,
    SortIndex,
)
from runs.search.fields.sorting import (
    SortKey,
    coalesce_with_default,
    rank_sort_key,
    sort_by_text,
)
from runs.search.sql import (
    COMMIT_PROPERTIES,
    DATASET_COLUMNS,
    HOST_PROPERTIES,
    INDEXED_AGGREGATES,
    PATTERN_OPERATORS,
    TEXT_TABLES,
    Expr,
    IndexScan,
    InKeys,
    Scope,
    children_condition,
    children_count,
    dataset_exists,
    distinct_matching_values,
    has_any_text,
    indexed_text_condition,
    metric_exists,
    metric_rows,
    number_condition,
    runs_of_status,
    term_texts,
    text_exists,
    text_rows,
)
from studio.core.filters import tree
from studio.core.filters.fields import statuses_of
from studio.core.filters.tree import Comparison, Field, Number
from studio.core.messages import message
from studio.core.statuses import RunStatus


def _text_condition(term: Comparison, scope: Scope) -> Q:
    return text_exists(term.field, term.op, term.values, scope)


def _text_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    key = scope.key(term.field)
    table: Any = TEXT_TABLES[term.field.kind].objects
    if key is None:
        return [IndexScan(table.none())]
    relation, op = term.field.kind, term.op
    texts = term_texts(term)
    numbers = [value for value in term.values if isinstance(value, Number)]
    if op in PATTERN_OPERATORS and texts:
        fitting = distinct_matching_values(table.filter(key=key), op, texts[0])
        if fitting is not None:
            # A pattern over few values asks for some of them.
            op, texts = "in", fitting
        if fitting == []:
            return [IndexScan(table.none())]

    def condition(prefix: str) -> Q:
        has_key = Q(**{f"{prefix}key": key})
        if op in ("=", "in") and texts and not numbers:
            return has_key & indexed_text_condition(f"{prefix}value", texts)
        if numbers and not texts:
            number = F(f"{prefix}number")
            return has_key & number_condition(number, op, numbers)
        return has_key

    # The rows of one value are in the order of arrival; those of several are not.
    is_one = op == "=" or len(texts) + len(numbers) < 2
    is_range = bool(numbers) and not texts and op != "="
    return [
        IndexScan(
            table.filter(condition("")),
            relation=relation,
            join=condition(f"{relation}__"),
            is_ordered=is_one and not is_range,
            is_windowed=not is_range,
            is_exact=op == "is not null"
            or _is_whole_text_condition(op, texts, numbers),
        )
    ]


def _metric_condition(term: Comparison, scope: Scope) -> Q:
    return metric_exists(term.field, term.op, term.values, scope)


def _metric_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    key = scope.key(term.field)
    if key is None:
        return [IndexScan(Metric.objects.none())]
    name = term.field.aggregate
    numbers = [value for value in term.values if isinstance(value, Number)]
    # `last` may also equal a text; NaN stands apart.
    is_range = (
        name in INDEXED_AGGREGATES
        and len(numbers) == len(term.values) > 0
        and not (name == "last" and term.op in ("=", "in"))
        and not any(_is_nan_operand(number) for number in numbers)
    )

    def condition(prefix: str) -> Q:
        has_key = Q(**{f"{prefix}key": key})
        if not is_range:
            return has_key
        return has_key & number_condition(F(prefix + name), term.op, numbers)

    return [
        IndexScan(
            Metric.objects.filter(condition("")),
            relation="metrics",
            join=condition("metrics__"),
            is_ordered=not is_range or term.op == "=",
            is_windowed=not is_range or term.op in ("=", "in"),
            is_exact=is_range
            or (term.op == "is not null" and name in ("last", "count")),
        )
    ]


def _is_whole_text_condition(
    op: str, texts: Sequence[str], numbers: Sequence[Number]
) -> bool:
    """Whether a text side's condition is all of the term's."""
    if texts:
        return op in ("=", "in") and not numbers
    return bool(numbers)


def _is_nan_operand(number: Number) -> bool:
    return isinstance(number.value, float) and math.isnan(number.value)


def _metric_order(field: Field, scope: Scope) -> list[SortKey]:
    rows, name = metric_rows(field, scope), field.aggregate
    value = Subquery(rows.values(name)[:1], output_field=FloatField(null=True))
    whens = [When(_row_exists(rows, **{f"{name}__isnull": False}), then=0)]
    # A NaN is stored as a flag. It sorts after all numbers.
    if name in ("last", "first"):
        whens.append(When(_row_exists(rows, **{f"{name}_is_nan": True}), then=1))
    return [
        rank_sort_key(*whens),
        SortKey(coalesce_with_default(value, 0.0, FloatField()), float),
    ]


def _row_exists(rows: Any, **required: Any) -> Q:
    return Q(Exists(rows.filter(**required)))


def _children_condition(term: Comparison, _scope: Scope) -> Q:
    return children_condition(term.field, term.op, term.values)


def _children_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    """The parents of such children, for terms that no run without one fulfills."""
    del scope
    numbers = [value.value for value in term.values if isinstance(value, Number)]
    least = min(numbers, default=0)
    needs_child = least > 0 if term.op in ("=", "in", "between", ">=") else least >= 0
    if term.op in ("<", "<=") or not needs_child:
        return []
    children = runs_of_status(term.field.key).filter(parent__isnull=False)
    # The index on parents has the status of each child; that on the status lacks them.
    parents = children.order_by("parent").values("parent").distinct()
    return [IndexScan(parents, "parent", is_key_set=True)]


def _children_order(field: Field, _scope: Scope) -> list[SortKey]:
    return [SortKey(children_count(field.key), int)]


def _count_children(run: Any, context: RunContext, field: Field) -> int:
    """Of the statuses that the field names."""
    counts = context.children(run)
    wanted = RunStatus if field.key == "count" else statuses_of(field.key)
    return sum(counts.get(status, 0) for status in wanted)


def _read_children_counts(
    keys: Sequence[int],
    _rows: Sequence[tuple[Any, ...]],
    field: Field,
    _scope: Scope,
) -> list[str | None]:
    children = runs_of_status(field.key).filter(Q(InKeys("parent_id", list(keys))))
    counts = children.order_by().values_list("parent_id").annotate(Count("pk"))
    found: dict[int, int] = dict(counts)
    return [str(found.get(key, 0)) for key in keys]


def _text_value(run: Any, context: RunContext, field: Field) -> object:
    return context.text(field, run)


def _metric_value(run: Any, context: RunContext, field: Field) -> object:
    return context.metric(field, run)


def _dataset_condition(term: Comparison, _scope: Scope) -> Q:
    return dataset_exists(term.field, term.op, term.values)


def _dataset_scan(term: Comparison, _scope: Scope) -> list[IndexScan]:
    if term.op not in ("=", "in"):
        return []
    column = f"{DATASET_COLUMNS[term.field.key]}__in"
    return [IndexScan(RunDataset.objects.filter(**{column: term_texts(term)}))]


def recorded_text_field(
    name: str, recorded: Sequence[Field], **more: Any
) -> FieldSource:
    """A short text that clients record as a tag or property: the first that is set."""

    def condition(term: Comparison, scope: Scope) -> Q:
        return has_any_text(recorded, term.op, term.values, scope)

    def scan(term: Comparison, scope: Scope) -> list[IndexScan]:
        scans = [_text_scan(replace(term, field=field), scope) for field in recorded]
        return [each for found in scans for each in found]

    def order(scope: Scope) -> Expr:
        found = [
            Subquery(text_rows(field, scope).values("value")[:1]) for field in recorded
        ]
        return Coalesce(*found, output_field=TextField(null=True))

    def value(run: Any, context: RunContext, _field: Field) -> object:
        found = (context.text(field, run) for field in recorded)
        return next((each for each in found if each), None)

    return FieldSource(
        name,
        condition=condition,
        sort=sort_by_text(order),
        value=value,
        scan=scan,
        keys=tuple(recorded),
        link=CellLink.NAME,
        **more,
    )


OF_TAGS = (
    recorded_text_field("commit", COMMIT_PROPERTIES, comparison=40),
    recorded_text_field("host", HOST_PROPERTIES, comparison=65),
    FieldSource(
        "tags",
        value=lambda run, context, _field: context.tags(run),
        link=CellLink.NONE,
        css="tags",
        why_not_grouped=message("Choose one tag, such as tags.model."),
    ),
)
KEYED = {
    tree.TAGS: FieldSource(
        "tags.<key>",
        condition=_text_condition,
        index=SortIndex.TEXT,
        value=_text_value,
        scan=_text_scan,
        facet=10,
        by_key=True,
    ),
    tree.PARAMS: FieldSource(
        "params.<key>",
        condition=_text_condition,
        index=SortIndex.TEXT,
        value=_text_value,
        scan=_text_scan,
        facet=20,
        link=CellLink.NAME,
        by_key=True,
    ),
    tree.PROPERTIES: FieldSource(
        "properties.<key>",
        condition=_text_condition,
        index=SortIndex.TEXT,
        value=_text_value,
        scan=_text_scan,
        facet=40,
        by_key=True,
    ),
    tree.METRICS: FieldSource(
        "metrics.<key>",
        condition=_metric_condition,
        sort=_metric_order,
        index=SortIndex.METRIC,
        value=_metric_value,
        scan=_metric_scan,
        facet=30,
        css="number metric",
        by_key=True,
    ),
    tree.CHILDREN: FieldSource(
        "children.<status>",
        condition=_children_condition,
        sort=_children_order,
        value=_count_children,
        scan=_children_scan,
        group_values=GroupValues(_read_children_counts),
    ),
    tree.DATASETS: FieldSource(
        "datasets.<what>",
        condition=_dataset_condition,
        scan=_dataset_scan,
        why_not_grouped=message(
            "A run can have several datasets. Filter by datasets.name instead."
        ),
    ),
}
