"""JSON tables: of MLflow and pandas, lines of objects, rows that a run logged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runs.storage.tables import (
    TableFault,
    TableFormat,
    UnreadableTable,
    table_of_logged_rows,
)
from tests.storage.tables.parsed import kinds_of, names_of, parsed, rows_of

JSON, LINES = TableFormat.JSON, TableFormat.JSON_LINES


@pytest.mark.parametrize(
    ("document", "names", "rows"),
    [
        ({"columns": ["a", "b"], "data": [[1, "x"]]}, ["a", "b"], [[1, "x"]]),
        ({"columns": ["a"], "index": [7], "data": [[1]]}, ["a"], [[1]]),
        ({"columns": ["a", "b"], "data": [[1], 2]}, ["a", "b"], [[1, None], [2, None]]),
        ({"columns": [["x", "y"], 3], "data": []}, ["x / y", "3"], []),
        ([{"a": 1}, {"b": "x"}], ["a", "b"], [[1, None], [None, "x"]]),
        ([{"a": {"k": [1]}}], ["a"], [['{"k": [1]}']]),
        ([{"a": True}, {"a": None}], ["a"], [["true"], [None]]),
        ([{"a": "12"}, {"a": ""}], ["a"], [["12"], [""]]),
        ([{"a": 1}, {"a": "x"}], ["a"], [["1"], ["x"]]),
        ([{"a": 1}, {"a": 2.5}], ["a"], [[1.0], [2.5]]),
        ([{"a": 2**70}], ["a"], [[str(2**70)]]),
    ],
)
def test_a_document(document: Any, names: list[str], rows: list[list[Any]]) -> None:
    table = parsed(json.dumps(document), JSON)
    assert names_of(table) == names
    assert rows_of(table) == rows


def test_numbers_that_json_does_not_have() -> None:
    table = parsed('[{"a": NaN}, {"a": Infinity}, {"a": "-Infinity"}, {"a": 1}]', JSON)
    assert kinds_of(table) == ["number"]
    assert table.columns[0].summary["nonfinite"] == 3


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", TableFault.CORRUPT),
        ("[" * 100_000, TableFault.CORRUPT),
        ('{"lr": 0.1}', TableFault.NO_TABLE),
        ("[1, 2]", TableFault.NO_TABLE),
        ('{"columns": 1, "data": []}', TableFault.NO_TABLE),
        ('"text"', TableFault.NO_TABLE),
    ],
)
def test_a_document_that_is_no_table(content: str, fault: TableFault) -> None:
    with pytest.raises(UnreadableTable) as caught:
        parsed(content, JSON)
    assert caught.value.fault is fault


def test_lines_of_objects() -> None:
    table = parsed('{"a": 1}\n\n{"a": 2, "b": "x"}\n[3]\n{"a": 4', LINES)
    assert names_of(table) == ["a", "b", "value"]
    assert rows_of(table) == [[1, None, None], [2, "x", None], [None, None, "[3]"]]
    # A file that is still written ends within a line.
    assert table.notes == {"bad_lines": 1}


def test_lines_without_an_object() -> None:
    with pytest.raises(UnreadableTable):
        parsed("no json\n", LINES)


def test_keys_of_later_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.storage.tables.json_documents._SNIFFED_ROWS", 1)
    table = parsed('{"a": 1}\n{"a": 2, "b": 3}\n', LINES)
    assert rows_of(table) == [[1], [2]]
    assert table.notes == {"later_columns": 1}


def test_rows_that_a_run_logged() -> None:
    table = table_of_logged_rows([{"a": 1, "b": "x"}, 5, {"a": 2}])
    assert rows_of(table) == [[1, "x"], [2, None]]


def test_deep_values_stay_readable() -> None:
    deep: Any = []
    for _level in range(5_000):
        deep = [deep]
    assert rows_of(table_of_logged_rows([{"a": deep}])) == [["…"]]
