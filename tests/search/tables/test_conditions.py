"""Which rows of a table match, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.search.tables import ColumnFilter, ColumnSort, TableQuery
from runs.search.tables import text_search as text_search_module
from runs.storage.tables import table_of_logged_rows
from studio.core.errors import InvalidValue
from tests.storage.tables.parsed import column_of, parsed

TABLE = parsed(
    "i,n,dice,stain,day\n"
    "1,3,0.412,DAPI,2026-01-01\n"
    "2,20,0.5,H&E,2026-01-02 10:00\n"
    "3,,nan,dapi2,2026-01-03\n"
    "4,-7,,,\n"
    "5,3,0.8049,Überzug,2026-02-01\n"
)


def matching(query: TableQuery) -> list[Any]:
    return column_of(TABLE, "i", query)


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (ColumnFilter("n", minimum="3"), [1, 2, 5]),
        (ColumnFilter("n", maximum="3"), [1, 4, 5]),
        (ColumnFilter("dice", minimum="0.4", maximum="0.8"), [1, 2]),
        (ColumnFilter("n", minimum="-inf"), [1, 2, 4, 5]),
        (ColumnFilter("day", minimum="2026-01-02"), [2, 3, 5]),
        (ColumnFilter("day", maximum="2026-01-02"), [1, 2]),
        (ColumnFilter("stain", contains="dapi"), [1, 3]),
        (ColumnFilter("stain", contains="h&e"), [2]),
        (ColumnFilter("stain", contains="ÜBERZUG"), [5]),
        (ColumnFilter("stain", contains="APIH"), []),
        (ColumnFilter("stain", equals=("DAPI", "H&E")), [1, 2]),
        (ColumnFilter("stain", equals=("dapi",)), []),
        (ColumnFilter("n", equals=("3", "x")), [1, 5]),
        (ColumnFilter("dice", equals=("nan",)), [3]),
        (ColumnFilter("dice", contains="0.41"), [1]),
        (ColumnFilter("dice", contains="0.80"), [5]),
        (ColumnFilter("n", contains="2"), []),
        (ColumnFilter("dice", is_missing=True), [4]),
        (ColumnFilter("n", is_missing=False), [1, 2, 4, 5]),
        (ColumnFilter("unknown", contains="x"), [1, 2, 3, 4, 5]),
    ],
)
def test_a_condition_on_a_column(condition: ColumnFilter, rows: list[int]) -> None:
    assert matching(TableQuery((condition,))) == rows


def test_all_conditions_must_match() -> None:
    both = (ColumnFilter("n", minimum="3"), ColumnFilter("stain", contains="dapi"))
    assert matching(TableQuery(both)) == [1]


@pytest.mark.parametrize(
    ("text", "rows"), [("dapi", [1, 3]), ("-7", [4]), ("2026-01", [1, 2, 3]), ("q", [])]
)
def test_search_in_all_columns(text: str, rows: list[int]) -> None:
    assert matching(TableQuery(text=text)) == rows


@pytest.mark.parametrize(
    ("sorts", "rows"),
    [
        ([ColumnSort("n")], [4, 1, 5, 2, 3]),
        ([ColumnSort("n", True)], [2, 1, 5, 4, 3]),
        ([ColumnSort("stain")], [1, 2, 3, 5, 4]),
        ([ColumnSort("stain", True)], [5, 3, 2, 1, 4]),
        # NaN is after the numbers, and what is missing after that.
        ([ColumnSort("dice")], [1, 2, 5, 3, 4]),
        ([ColumnSort("dice", True)], [5, 2, 1, 3, 4]),
        ([ColumnSort("n"), ColumnSort("dice", True)], [4, 5, 1, 2, 3]),
        ([ColumnSort("unknown")], [1, 2, 3, 4, 5]),
    ],
)
def test_rows_are_sorted(sorts: list[ColumnSort], rows: list[int]) -> None:
    assert matching(TableQuery(sorts=tuple(sorts))) == rows
    # The second time, the order is kept.
    assert matching(TableQuery(sorts=tuple(sorts))) == rows


def test_selected_rows_are_sorted() -> None:
    query = TableQuery((ColumnFilter("n", minimum="3"),), (ColumnSort("i", True),))
    assert matching(query) == [5, 2, 1]


@pytest.mark.parametrize("bound", ["x", "1 OR 1=1", "--1"])
def test_a_bound_must_be_a_number(bound: str) -> None:
    with pytest.raises(InvalidValue):
        matching(TableQuery((ColumnFilter("n", minimum=bound),)))


def test_large_integers_are_exact() -> None:
    table = parsed("a\n9007199254740993\n9007199254740992\n")
    above = ColumnFilter("a", minimum="9007199254740993")
    assert column_of(table, "a", TableQuery((above,))) == [9007199254740993]


@given(st.lists(st.text("abA.", max_size=6), max_size=30), st.text("abA.", min_size=1))
def test_texts_are_found_as_python_finds_them(cells: list[str], text: str) -> None:
    table = table_of_logged_rows([{"c": cell} for cell in ["", *cells]])
    found = column_of(table, "c", TableQuery((ColumnFilter("c", contains=text),)))
    assert found == [cell for cell in cells if text.lower() in cell.lower()]


def test_texts_across_blocks_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_search_module, "_BLOCK_BYTES", 5)
    table = table_of_logged_rows([{"c": "one two three"}, {"c": "four"}])
    query = TableQuery((ColumnFilter("c", contains="two thr"),))
    assert column_of(table, "c", query) == ["one two three"]
