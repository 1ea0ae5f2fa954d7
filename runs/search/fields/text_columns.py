"""The fields that are text columns of the run, such as its name; and its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, F, Q, TextField, When
from django.db.models import Value as SqlValue
from django.db.models.functions import Cast, Concat, Length, StrIndex
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual

from runs.models import Run
from runs.models.functions import SORTED_CHARS, TextOrder
from runs.models.grams import lower_case
from runs.render.run import headline_of_error
from runs.search.fields.field_source import (
    CellLink,
    Condition,
    FieldSource,
    GroupColumn,
    GroupValues,
    OwnColumn,
    SortIndex,
)
from runs.search.fields.sorting import sort_by_exact_text, sort_by_integer, sort_by_text
from runs.search.sql import (
    ALWAYS,
    PATTERN_OPERATORS,
    Expr,
    IndexScan,
    Like,
    Scope,
    any_of,
    indexed_part,
    number_condition,
    term_texts,
    text_condition,
)
from studio.core.filters.tree import Comparison, Field
from studio.core.messages import message


def own_text_condition(column: str, present: Q) -> Condition:
    def condition(term: Comparison, _scope: Scope) -> Q:
        if term.op == "is not null":
            return present
        return text_condition(column, F(column), term.op, term.values)

    return condition


def own_text_field(name: str, **more: Any) -> FieldSource:
    """A text in the column of the field's name, "" where the run has none.

    It can be filtered, sorted, shown, exported and grouped; `more` changes or adds to
    that.
    """
    column = more.pop("column", name)
    made: dict[str, Any] = {
        "condition": own_text_condition(column, ~Q(**{column: ""})),
        "sort": sort_by_text(lambda _scope: F(column)),
        "value": OwnColumn(column),
        "columns": (column,),
        "expression": F(column),
    }
    return FieldSource(name, **{**made, **more})


def grouped_text_field(name: str, **more: Any) -> FieldSource:
    """A short text that many runs share: groups, facets and completion count it."""
    return own_text_field(name, group=GroupColumn(name), link=CellLink.NAME, **more)


def _id_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    if term.op not in ("=", "in"):
        return []
    runs = Run.objects.in_workspace(scope.workspace)
    return [IndexScan(runs.filter(run_id__in=term_texts(term)), "pk")]


def _name_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    """A pattern without a word of the index is compared with an index of all names.

    It has the first characters of each in lower case, without the rest of the run.
    """
    texts = term_texts(term)
    is_pattern = term.op in PATTERN_OPERATORS and len(texts) == 1
    if not is_pattern or indexed_part(term) or connection.vendor != "sqlite":
        return []
    name = TextOrder(F("name"))
    wanted = lower_case(texts[0]) or ""
    if term.op == "contains":
        found = Q(GreaterThan(StrIndex(name, SqlValue(wanted)), 0))
    else:
        # Lower case can have more characters.
        found = Q(Like(name, wanted.replace("_", "%")))
    is_cut = Q(GreaterThanOrEqual(Length(name), SORTED_CHARS))
    runs = Run.objects.in_workspace(scope.workspace)
    return [IndexScan(runs.filter(found | is_cut), "pk", is_key_set=True)]


def _number_condition(term: Comparison, _scope: Scope) -> Q:
    if term.op == "is not null":
        return ALWAYS
    return number_condition(F("number"), term.op, term.values)


def _error_kind_condition(term: Comparison, _scope: Scope) -> Q:
    """Most runs have none, as NULL: so its index has only those that do."""
    present = Q(error_kind__isnull=False)
    if term.op == "is not null":
        return present
    found = text_condition("error_kind", F("error_kind"), term.op, term.values)
    return present & found


def _error_kind_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    """Runs with the same error kind: an index has them in order of arrival."""
    if term.op not in ("=", "in"):
        return []
    kinds = term_texts(term)
    found = Q(error_kind__isnull=False, error_kind__in=kinds)
    runs = Run.objects.in_workspace(scope.workspace).filter(found)
    return [
        IndexScan(runs, "pk", join=found, is_ordered=len(kinds) == 1, is_exact=True)
    ]


def artifact_uri_expression() -> Expr:
    """Where MLflow clients find the run's files."""
    number = Cast("experiment__number", CharField())
    default = Concat(SqlValue("mlflow-artifacts:/"), number, output_field=TextField())
    location = Case(
        When(experiment__artifact_location="", then=default),
        default=F("experiment__artifact_location"),
        output_field=TextField(),
    )
    return Concat(
        location,
        SqlValue("/"),
        "run_id",
        SqlValue("/artifacts"),
        output_field=TextField(),
    )


def _artifact_uri_condition(term: Comparison, _scope: Scope) -> Q:
    if term.op == "is not null":
        return ALWAYS
    if term.op in ("=", "in"):
        texts = [SqlValue(text) for text in term_texts(term)]
        return any_of([Q(Exact(artifact_uri_expression(), text)) for text in texts])
    return text_condition("", artifact_uri_expression(), term.op, term.values)


def _read_numbers(
    _keys: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
    _field: Field,
    _scope: Scope,
) -> list[str | None]:
    return [str(number) for (number,) in rows]


TEXTS = (
    grouped_text_field("target", facet=30, comparison=60),
    grouped_text_field("type", facet=50, comparison=80),
    grouped_text_field("script", facet=60, comparison=70),
    grouped_text_field("launcher", facet=70, comparison=85),
    own_text_field(
        "name",
        condition=own_text_condition("name", ALWAYS),
        index=SortIndex.NAME,
        scan=_name_scan,
        group=GroupColumn("name"),
        link=CellLink.NONE,
        css="name",
        in_words=True,
    ),
    own_text_field(
        "id",
        column="run_id",
        condition=own_text_condition("run_id", ALWAYS),
        sort=sort_by_exact_text(F("run_id")),
        scan=_id_scan,
        why_not_grouped=message("Each run has its own ID."),
        link=CellLink.NONE,
    ),
    FieldSource(
        "number",
        condition=_number_condition,
        sort=sort_by_integer(lambda _scope: F("number")),
        value=OwnColumn("number"),
        columns=("number",),
        group_values=GroupValues(_read_numbers, ("number",)),
        expression=F("number"),
        comparison=120,
    ),
    own_text_field(
        "error",
        comparison=140,
        sort=None,
        is_heavy=True,
        shown=lambda run: headline_of_error(run.error),
    ),
    own_text_field(
        "error_kind",
        condition=_error_kind_condition,
        scan=_error_kind_scan,
        group=GroupColumn("error_kind"),
        link=CellLink.NAME,
    ),
    own_text_field(
        "description",
        comparison=150,
        sort=None,
        is_heavy=True,
        link=CellLink.NONE,
        in_words=True,
    ),
    FieldSource(
        "artifact_uri",
        condition=_artifact_uri_condition,
        sort=sort_by_exact_text(artifact_uri_expression()),
        expression=artifact_uri_expression(),
        why_not_grouped=message("Each run has its own artifact URI."),
        link=CellLink.NONE,
    ),
)
