"""The state of a grid in the address."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from runs.pages.tables.table_state import TableState, next_sort
from runs.search.tables import ColumnFilter, ColumnSort


def parsed(query: str, prefix: str = "") -> TableState:
    return TableState.parse(QueryDict(query), prefix)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sort=-dice&sort=n",
        "min.dice=0.4&max.dice=0.8",
        "has.a.b=x&is.stain=DAPI&is.stain=H%26E&missing.n=only",
        "missing.%E6%97%A5=without",
        "min.%27%3B+DROP+TABLE+runs_run%3B--=1",
        "col=b&col=a&search=x+y&page=3&rows=100&edit=dice",
        "is.%3Cscript%3E=%00",
    ],
)
def test_an_address_is_read_and_written_the_same(query: str) -> None:
    assert parsed(query).to_query() == query


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "page=-1",
        "rows=7",
        "rows=50",
        "missing.a=x",
        "min.a=+",
        "q=1",
    ],
)
def test_what_cannot_be_read_is_left_out(query: str) -> None:
    assert parsed(query).to_query() == ""


def test_many_parameters_are_limited() -> None:
    state = parsed("&".join(f"min.c{n}=1&sort=c{n}&col=c{n}" for n in range(300)))
    assert len(state.query.filters) == 50
    assert len(state.query.sorts) == 3
    assert len(state.columns) == 100


def test_a_page_can_have_two_tables() -> None:
    query = "a.sort=x&a.min.n=1&b.sort=-y"
    assert parsed(query, "a.").query.filters == (ColumnFilter("n", minimum="1"),)
    assert parsed(query, "b.").to_query() == "b.sort=-y"


def test_clicks_on_a_head_sort_up_down_and_not() -> None:
    state = parsed("page=4&min.n=1")
    seen = []
    for _click in range(3):
        state = next_sort(state, "n")
        seen.append(state.query.sorts)
    assert seen == [(ColumnSort("n"),), (ColumnSort("n", True),), ()]
    assert state.to_query() == "min.n=1"
