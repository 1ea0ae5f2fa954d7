"""How two tables differ, row by row."""

from __future__ import annotations

import math

from runs.render.compare import NO_CELL, PlainTable, diff_tables, key_columns

OLD = PlainTable(
    ["class", "f1", "n"], [["cat", 0.5, 10], ["dog", 0.7, 10], ["emu", 0.1, 3]]
)
NEW = PlainTable(["class", "f1"], [["dog", 0.7], ["cat", 0.6], ["fox", math.nan]])


def test_rows_are_matched_by_their_key() -> None:
    diff = diff_tables(OLD, NEW, "class")
    assert diff.columns == ["f1", "n"]
    assert [(row.key, row.sign) for row in diff.rows] == [
        ("dog", ""),
        ("cat", ""),
        ("fox", "+"),
        ("emu", "-"),
    ]
    cat = diff.rows[1].cells
    assert (cat[0].old, cat[0].new, cat[0].differs) == (0.5, 0.6, True)
    assert (cat[1].old, cat[1].new) == (10, NO_CELL)
    assert not diff.rows[0].cells[0].differs


def test_equal_rows_are_counted_also_with_nan() -> None:
    same = PlainTable(["k", "v"], [["a", math.nan], ["b", 1.0]])
    again = PlainTable(["k", "v"], [["b", 1.0], ["a", math.nan]])
    diff = diff_tables(same, again, "k")
    assert (list(diff.rows), diff.equal) == ([], 2)


def test_without_a_key_rows_are_matched_by_their_number() -> None:
    diff = diff_tables(OLD, OLD, "")
    assert diff.equal == 3
    diff = diff_tables(OLD, NEW, "")
    assert [row.key for row in diff.rows] == [1, 2, 3]


def test_a_key_names_one_row_in_both_tables() -> None:
    assert key_columns(OLD, NEW) == ["class"]
    twice = PlainTable(["class"], [["cat"], ["cat"]])
    assert key_columns(OLD, twice) == []
    gaps = PlainTable(["class"], [[None], ["cat"]])
    assert key_columns(gaps, gaps) == []
