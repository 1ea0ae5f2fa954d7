"""Every field of the registry, through all that reads it: nothing knows only some."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from runs.search.filters.facets import FacetReader, is_facet
from runs.search.groups.grouping import list_groups
from runs.search.mlflow.runs import MlflowRunSearch
from runs.search.run_list.export import export_runs
from runs.search.values.value_arrays import has_values
from studio.core.errors import InvalidValue
from studio.core.filters import field_text, fields, mlflow, to_text, tree
from studio.core.filters.catalog import CATALOG
from studio.core.filters.field_spec import FieldSpec
from studio.core.filters.tree import Comparison, Field, Value
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.access.people import browser_of
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db

KEYS = {
    tree.TAGS: "model",
    tree.PARAMS: "lr",
    tree.PROPERTIES: "author",
    tree.METRICS: "acc",
    tree.CHILDREN: "failed",
    tree.DATASETS: "name",
}
TEXTS: tuple[Value, ...] = (tree.Text("local"), tree.Text("resnet50"))
NUMBERS: tuple[Value, ...] = (tree.Number(0.01), tree.Number(2))
VALUES: dict[str, tuple[Value, ...]] = {
    fields.TEXT: TEXTS,
    fields.ID: TEXTS,
    fields.NUMBER: NUMBERS,
    fields.TIME: (
        tree.Moment(NOON - 7_200_000, NOON - 3_600_000, "ms"),
        tree.Moment(NOON - 60_000, NOON, "ms"),
    ),
    fields.DURATION: (tree.Duration(60_000), tree.Duration(1_800_000)),
    fields.STATUS: (tree.Text("Failed"), tree.Text("Completed")),
    fields.BOOLEAN: (tree.Flag(True),),
    fields.MIXED: NUMBERS,
}
PATTERNS = ("like", "ilike", "contains", "not like", "not ilike", "not contains")


def field_of(spec: FieldSpec) -> Field:
    kind = spec.name.partition(".")[0]
    if "<" not in spec.name:
        return tree.attribute(spec.name)
    return Field(kind, KEYS[kind], "last" if kind == tree.METRICS else "")


def named(specs: Any) -> Any:
    return pytest.mark.parametrize("spec", specs, ids=lambda spec: spec.name)


every_field = named(CATALOG)
FILTERED = [spec for spec in CATALOG if spec.filterable]
COLUMNS = [spec for spec in CATALOG if spec.column]


def ids(library: Library, q: str, **spec: Any) -> list[str]:
    return library.find(q, archived="1", **spec)


def terms(spec: FieldSpec) -> Iterator[Comparison]:
    """A term with each operator of the field, alternatives with two values."""
    field = field_of(spec)
    for op in fields.operators_of(field):
        values = VALUES[spec.value_type]
        if op in PATTERNS:
            values = TEXTS
        if op in tree.NO_VALUE:
            values = ()
        elif op not in ("in", "not in", "between"):
            values = values[:1]
        yield Comparison(field, op, values)


@named(FILTERED)
def test_the_example_filter_of_each_field_works(
    library: Library, spec: FieldSpec
) -> None:
    assert set(ids(library, spec.example)) <= set("abcdefghi")


@named(FILTERED)
def test_every_operator_and_its_opposite_partition_the_runs(
    library: Library, spec: FieldSpec
) -> None:
    field = field_of(spec)
    spoken = "" if field.key in ("deleted", "archived") else ids(library, "")
    for term in terms(spec):
        found = ids(library, to_text(term))
        opposite = tree.OPPOSITES.get(term.op)
        if opposite and spoken:
            others = ids(library, to_text(replace(term, op=opposite)))
            assert sorted(found + others) == sorted(spoken), term


@named([spec for spec in CATALOG if spec.sortable])
def test_sorting_lists_every_run_and_missing_values_last(
    library: Library, spec: FieldSpec
) -> None:
    field = field_of(spec)
    name = field_text(field)
    columns: dict[str, Any] = {"columns": name} if spec.column else {}
    for sort in (name, f"-{name}"):
        page = library.page("", children="1", sort=sort, **columns)
        assert sorted(row.run.run_id for row in page.rows) == list("abcdef")
        if spec.column:
            missing = [field not in row.values for row in page.rows]
            assert missing == sorted(missing)


@named(COLUMNS)
def test_a_cell_and_an_export_have_the_same_value(
    library: Library, spec: FieldSpec
) -> None:
    field = field_of(spec)
    asked: dict[str, Any] = {"columns": field_text(field), "children": "1"}
    rows = library.page("", **asked).rows
    cells = {row.run.run_id: row.values.get(field) for row in rows}
    view = ViewSpec.from_query(asked)
    found = export_runs(view, library.ada, library.workspace, now=NOON)
    at = found.fields.index(field)
    exported: dict[str, object] = {}
    for chunk in found.chunks:
        exported |= dict(zip(chunk[0], chunk[at], strict=True))
    assert {k: plain(v) for k, v in cells.items()} == {
        k: plain(v) for k, v in exported.items()
    }
    assert any(value is not None for value in cells.values()), "no run has a value"


def plain(value: object) -> object:
    if isinstance(value, RunStatus):
        return value.value
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def test_every_column_is_on_the_page_and_in_every_format(library: Library) -> None:
    visitor = browser_of(library.ada)
    names = [field_text(field_of(spec)) for spec in COLUMNS]
    query = {"columns": ",".join(names), "children": "1"}
    page = visitor.get("/w/library/runs/", query).content.decode()
    for spec in COLUMNS:
        if spec.name != "name" and "<" not in spec.name:
            assert f">{spec.label}<" in page, spec.name
    for form in ("csv", "json", "parquet"):
        answer = visitor.get("/w/library/runs/", {**query, "format": form})
        assert answer.status_code == 200, form
        assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]


@every_field
def test_runs_are_grouped_by_each_field_or_it_is_refused(
    library: Library, spec: FieldSpec
) -> None:
    field = field_of(spec)
    view = ViewSpec.from_query({"group": field_text(field), "children": "1"})
    if not has_values(field):
        with pytest.raises(InvalidValue, match=r"can.t be grouped"):
            list_groups(view, library.ada, library.workspace, [])
        return
    found = list_groups(view, library.ada, library.workspace, [], now=NOON)
    assert found is not None
    groups = found.groups_between(0, 100)
    assert sum(group.count for group in groups) == 6
    assert any(group.values != (None,) for group in groups)


@named([spec for spec in CATALOG if is_facet(field_of(spec))])
def test_a_facet_counts_its_values_and_completion_offers_them(
    library: Library, spec: FieldSpec
) -> None:
    field = field_of(spec)
    view = ViewSpec.from_query({"children": "1"})
    facet = FacetReader(view, library.ada, library.workspace, now=NOON).count_values(
        field
    )
    assert facet.values
    for each in facet.values:
        if each.digest or each.value is None or field.kind == tree.METRICS:
            continue
        term = to_text(Comparison(field, "=", (tree.Text(each.value),)))
        assert len(library.find(term)) == each.runs, term
    assert has_values(field)
    if field.kind == tree.ATTRIBUTE:
        text = f"{spec.name}:"
        query = {"text": text, "at": str(len(text)), "children": "1"}
        answer = browser_of(library.ada).get("/w/library/list/complete/", query)
        shown = answer.content.decode()
        assert all(str(each.value) in shown for each in facet.values[:3])


def test_rest_lists_every_field_with_its_operators(library: Library) -> None:
    listed = browser_of(library.ada).get("/api/v1/fields").json()["fields"]
    assert [each["name"] for each in listed] == [spec.name for spec in CATALOG]
    for spec, each in zip(CATALOG, listed, strict=True):
        assert each["operators"] == list(spec.operators)
        assert each["sortable"] == spec.sortable
        assert each["column"] == spec.column


@pytest.mark.parametrize("name", mlflow.RUNS.attributes)
def test_fields_named_by_mlflow_can_be_searched_and_sorted(
    library: Library, name: str
) -> None:
    _field, kind = mlflow.RUNS.attributes[name]
    entity = f"attributes.`{name}`"
    compared = {mlflow.TIME: "> 0", mlflow.STATUS: "!= 'FINISHED'"}.get(kind, "!= 'x'")
    order = () if name in mlflow.RUNS.unsortable else (f"{entity} DESC",)
    search = MlflowRunSearch(
        mlflow.parse_run_filter(f"{entity} {compared}"),
        library.ada,
        library.workspace,
        [library.digits.number],
        False,
        mlflow.parse_order_by(order),
        NOON,
    )
    found = [run.run_id for run in search.rows(0, 10)]
    assert len(set(found)) == len(found)
    assert set(found) <= set("abdefg")
    # Only a tag can be missing here: no run of the library has `mlflow.user`.
    assert found or name == "user_id"
