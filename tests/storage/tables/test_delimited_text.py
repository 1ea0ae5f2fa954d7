"""CSV and TSV as they are found: unequal rows, quotes, encodings, odd numbers."""

from __future__ import annotations

import math

import pytest

from runs.storage.tables import TableFault, TableFormat, UnreadableTable
from runs.storage.tables import build as build_module
from runs.storage.tables.limits import MAX_COLUMNS
from tests.storage.tables.parsed import kinds_of, names_of, parsed, rows_of


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,x\n", [[1, "x"]]),
        ("a;b\n1,5;x\n", [["1,5", "x"]]),
        ("a|b\n1|x\n", [[1, "x"]]),
        ("a\n1\n2\n", [[1], [2]]),
        ('a,b\n"1,5","x\ny"\n', [["1,5", "x\ny"]]),
        ("a,b\r\n1,x\r\n", [[1, "x"]]),
        ("a,b\r1,x\r", [[1, "x"]]),
        ("a,b\n\n1,x\n\n", [[1, "x"]]),
        ("a,b\n1,x", [[1, "x"]]),
        ("a,b\n1\n2,y,z\n", [[1, None], [2, "y"]]),
        ("a,b\n,\n", [[None, None]]),
        ("a,b\n1,x\0y\n", [[1, "x\u2400y"]]),
        ("a,b\n1,=2+2\n", [[1, "=2+2"]]),
        ("日,b\n1,é\n", [[1, "é"]]),
    ],
)
def test_rows_are_read(text: str, rows: list[list[object]]) -> None:
    assert rows_of(parsed(text)) == rows


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_encodings_are_recognized(encoding: str) -> None:
    text = "name,n\n" + "train,1\n" * 30
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    table = parsed((mark + text).encode(encoding))
    assert names_of(table) == ["name", "n"]
    assert rows_of(table) == [["train", 1]] * 30


def test_invalid_bytes_are_replaced() -> None:
    assert rows_of(parsed(b"a,b\n1,\xff\n")) == [[1, "\ufffd"]]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        ("1 2 3", "number", [1, 2, 3]),
        ("1 2.5 -3e4", "number", [1.0, 2.5, -3e4]),
        ("1 NA 3", "number", [1, None, 3]),
        ("0 0.5 0", "number", [0.0, 0.5, 0.0]),
        ("0 0 0 0", "number", [0, 0, 0, 0]),
        ("inf -inf 1", "number", [math.inf, -math.inf, 1.0]),
        ("007 008 9", "text", ["007", "008", "9"]),
        ("1_000 2", "text", ["1_000", "2"]),
        ("１ ２", "text", ["１", "２"]),
        ("1 x 3", "text", ["1", "x", "3"]),
        ("9223372036854775807 1", "number", [9223372036854775807, 1]),
        ("9223372036854775808 1", "text", ["9223372036854775808", "1"]),
        ("true false", "text", ["true", "false"]),
        ("2026-01-02 2026-01-03", "date", ["2026-01-02", "2026-01-03"]),
        ("NA NA", "text", ["NA", "NA"]),
    ],
)
def test_the_kind_of_a_column(cells: str, kind: str, values: list[object]) -> None:
    table = parsed("a\n" + cells.replace(" ", "\n"))
    assert kinds_of(table) == [kind]
    assert [row[0] for row in rows_of(table)] == values


def test_a_number_that_is_none_is_not_missing() -> None:
    [first, second] = rows_of(parsed("a,b\nnan,1\n,2\n"))
    assert math.isnan(first[0])
    assert second[0] is None


@pytest.mark.parametrize("last", ["x", "007", ""])
def test_a_text_after_many_numbers(last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.storage.tables.delimited_text.CHUNK_CELLS", 4)
    table = parsed("a,b\n" + "1.50,2\n" * 9 + f"{last},3\n")
    cells = [row[0] for row in rows_of(table)]
    # The numbers before it are shown with all digits that the file has.
    assert cells == ([1.5] * 9 + [None] if not last else ["1.50"] * 9 + [last])
    assert [row[1] for row in rows_of(table)] == [2] * 9 + [3]


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("a,a,a", ["a", "a (2)", "a (3)"]),
        ("a,a (2),a", ["a", "a (2)", "a (3)"]),
        (",b,", ["column 1", "b", "column 3"]),
        ("x'; DROP TABLE runs,<b>,a&b=c", ["x'; DROP TABLE runs", "<b>", "a&b=c"]),
        ("0,1,2", ["0", "1", "2"]),
        ("n" * 300 + ",b,c", ["n" * 200, "b", "c"]),
    ],
)
def test_names_of_columns(head: str, names: list[str]) -> None:
    assert names_of(parsed(f"{head}\n5,6,7\n")) == names


def test_a_file_without_names() -> None:
    table = parsed("1.5,2\n3,4\n")
    assert names_of(table) == ["column 1", "column 2"]
    assert rows_of(table) == [[1.5, 2], [3.0, 4]]


@pytest.mark.parametrize(
    "text", ['a,b\n1,"x\n2,y\n3,z\n', 'a,b\n1,"' + "\n2,y" * 3_000 + "\n"]
)
def test_quotes_that_are_not_closed(text: str) -> None:
    table = parsed(text)
    assert table.notes["quotes"] == 1
    assert table.rows == text.count("\n") - 1


def test_a_quoted_cell_at_the_end_of_the_file() -> None:
    table = parsed('a,b\n1,"x\ny"')
    assert rows_of(table) == [[1, "x\ny"]]
    assert "quotes" not in table.notes


def test_unequal_rows_are_counted() -> None:
    notes = parsed("a,b\n1\n2,3,4\n5,6\n").notes
    assert notes == {"short_rows": 1, "long_rows": 1}


def test_ten_thousand_columns() -> None:
    count = MAX_COLUMNS + 5
    line = ",".join(map(str, range(count)))
    table = parsed(f"{line}\n{line}\n")
    assert len(table.columns) == MAX_COLUMNS
    assert table.notes == {"columns": 5}


def test_a_cell_of_ten_megabytes() -> None:
    cell = "x" * (10 << 20)
    assert rows_of(parsed(f'a,b\n1,"{cell}"\n2,y\n')) == [[1, cell], [2, "y"]]


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_ROWS", 3), ("MAX_CELLS", 6), ("MAX_TEXT_BYTES", 2)]
)
def test_a_table_beyond_a_limit_is_cut(
    limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_module, limit, value)
    monkeypatch.setattr("runs.storage.tables.delimited_text.CHUNK_CELLS", 4)
    table = parsed("a,b\n" + "1,x\n" * 9)
    assert table.notes["cut"] == 1
    assert 3 <= table.rows <= 4


@pytest.mark.parametrize("content", [b"", b"\n\n", b"   ", b"\xef\xbb\xbf"])
def test_an_empty_file(content: bytes) -> None:
    with pytest.raises(UnreadableTable) as caught:
        parsed(content)
    assert caught.value.fault is TableFault.EMPTY


def test_a_table_without_rows() -> None:
    table = parsed("a,b\n")
    assert names_of(table) == ["a", "b"]
    assert rows_of(table) == []


def test_a_separator_is_given_by_the_name_of_tsv() -> None:
    assert rows_of(parsed("a,b\tc\n1\t2\n", TableFormat.TSV)) == [[1, 2]]


def test_a_line_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.storage.tables.delimited_text.MAX_LINE_CHARS", 1_000)
    with pytest.raises(UnreadableTable) as caught:
        parsed("a,b\n1,2\n" + "x" * 400_000)
    assert caught.value.fault is TableFault.TOO_LARGE
