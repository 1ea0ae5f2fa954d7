"""Columns of dates, in whatever form a file has them, and columns with many numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from runs.search.tables import ColumnFilter, ColumnSort, TableQuery, row_order
from runs.storage.tables import (
    StoredTable,
    date_range,
    date_text,
    stored_table,
    table_of_logged_rows,
)
from studio.core.errors import InvalidValue
from tests.storage.tables.parsed import column_of, kinds_of, parsed

MIXED = [
    "2026-03-14T10:00:00+02:00",
    "2026-03-14 09:00",
    "2026-03-14",
    "2026-03-14 08:00:00.5",
    "2025-12-31T23:59:59Z",
]


def ordered(table: StoredTable, query: TableQuery) -> list[Any]:
    return column_of(table, "day", query)


def by_day(condition: ColumnFilter | None = None) -> TableQuery:
    return TableQuery((condition,) if condition else (), (ColumnSort("day"),))


@pytest.mark.parametrize("source", ["file", "logged"])
def test_dates_are_sorted_by_their_moment(source: str) -> None:
    rows = [*MIXED, None]
    table = (
        parsed("n,day\n" + "".join(f"1,{day or ''}\n" for day in rows))
        if source == "file"
        else table_of_logged_rows([{"n": 1, "day": day} for day in rows])
    )
    assert kinds_of(table) == ["number", "date"]
    expected = [MIXED[at] for at in (4, 2, 0, 3, 1)]
    assert ordered(table, by_day()) == [*expected, None]
    assert ordered(table, TableQuery((), (ColumnSort("day", True),))) == [
        *expected[::-1],
        None,
    ]
    first, last = (table.columns[1].summary[end] for end in ("min", "max"))
    assert date_text(first, has_time=True) == "2025-12-31 23:59"
    assert date_text(last, has_time=False) == "2026-03-14"


@pytest.mark.parametrize(
    ("days", "kind", "expected"),
    [
        (["14/03/2026", "02/12/2025"], "date", ["02/12/2025", "14/03/2026"]),
        (["03/14/2026", "12/02/2025"], "date", ["12/02/2025", "03/14/2026"]),
        (["14.3.2026 7:05", "2.4.2026"], "date", ["14.3.2026 7:05", "2.4.2026"]),
        (["2026/3/14", "2026/12/1"], "date", ["2026/3/14", "2026/12/1"]),
        # Which part is the day?
        (["03/04/2026", "02/05/2026"], "text", ["02/05/2026", "03/04/2026"]),
        (["14/03/2026", "03/14/2026"], "text", ["03/14/2026", "14/03/2026"]),
        (["2026-03-14", "2026-02-30"], "text", ["2026-02-30", "2026-03-14"]),
        (["2026-03-14", "soon"], "text", ["2026-03-14", "soon"]),
        # No date in UTC, so no page could name it.
        (["9999-12-31T23:59-08:00"], "text", ["9999-12-31T23:59-08:00"]),
        (["0001-01-01T00:00+05:00"], "text", ["0001-01-01T00:00+05:00"]),
        (["1/2/3", "4/5/6"], "text", ["1/2/3", "4/5/6"]),
    ],
)
def test_other_forms_of_dates(days: list[str], kind: str, expected: list[str]) -> None:
    table = parsed("n,day\n" + "".join(f"1,{day}\n" for day in days))
    assert kinds_of(table)[1] == kind
    assert ordered(table, by_day()) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ColumnFilter("day", "2026"), [2, 0, 3, 1]),
        (ColumnFilter("day", "", "2025-12"), [4]),
        (ColumnFilter("day", "2026-03-14T09", "2026-03-14"), [1]),
        (ColumnFilter("day", "", "2026-03-14 08:00"), [4, 2, 0, 3]),
        (ColumnFilter("day", "2026-03-14T08:00:00Z", "2026-03-14 08:00"), [0, 3]),
        (ColumnFilter("day", contains="T"), [4, 0]),
    ],
)
def test_a_range_of_dates(condition: ColumnFilter, expected: list[int]) -> None:
    table = parsed("day\n" + "\n".join(MIXED))
    found = ordered(table, by_day(condition))
    assert found == [MIXED[at] for at in expected]


@pytest.mark.parametrize(
    "bound", ["soon", "2026-13", "1", "99999-01-01", "9999-12-31T23:59-08:00"]
)
def test_a_bound_that_is_no_date_is_refused(bound: str) -> None:
    with pytest.raises(InvalidValue, match="must be dates"):
        ordered(
            parsed("day\n2026-03-14\n2026-03-15\n"), by_day(ColumnFilter("day", bound))
        )


def test_a_year_a_month_and_a_day_end_with_their_last_microsecond() -> None:
    for text in ("2024", "2024-12", "2024-12-31", "2024-12-31T23", "2024-12-31 23:59"):
        assert date_range(text)[1] + 1 == date_range("2025-01-01")[0]


def test_many_numbers_are_sorted_by_their_ranks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored_table, "MIN_RANKED_ROWS", 1)
    monkeypatch.setattr(row_order, "MIN_DIGIT_SORTED", 1)
    chance = random.Random(1)
    numbers = [chance.choice([-0.5, 0.25, 7.5, 1e9, -1e9]) for _ in range(300)]
    big = [chance.choice([0, -70_000, 5, 1 << 40]) for _ in range(300)]
    rows = "".join(
        f"{n},{f},{b}\n" for n, (f, b) in enumerate(zip(numbers, big, strict=True))
    )
    table = parsed(f"n,f,b\n{rows}")
    assert "ranks" in table.columns[1].arrays
    for name, values in (("f", numbers), ("b", big)):
        for is_descending in (False, True):
            query = TableQuery((), (ColumnSort(name, is_descending),))
            # Equal ones keep their order in both directions.
            expected = sorted(range(300), key=values.__getitem__, reverse=is_descending)
            assert column_of(table, "n", query) == expected


def test_digits_of_sixteen_bits_sort_like_the_numbers() -> None:
    keys = np.random.default_rng(0).integers(-70_000, 70_000, 30_000)
    order = row_order._stable_order(keys)
    assert order.tolist() == np.argsort(keys, kind="stable").tolist()
