"""The address, column heads and pages of the lists of logged models and datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from runs.pages.lists import (
    has_redundant_parameters,
    redirect_to_query,
    with_pushed_url,
)
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from runs.render.formats import grouped
from runs.search.logged_models import MAX_COUNTED, TablePage, TableQuery
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.view_spec import DEFAULT_ROWS, ROWS

#: Enough digits for every primary key.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class TableState:
    """The state of a list, as its address has it."""

    default_sort: str
    q: str = ""
    sort: str = ""
    rows: int = DEFAULT_ROWS
    after: int = 0
    before: int = 0

    @property
    def shown_sort(self) -> str:
        return self.sort or self.default_sort

    @property
    def table_query(self) -> TableQuery:
        return TableQuery(self.q, self.shown_sort, self.after, self.before, self.rows)

    def query(self, **changes: Any) -> str:
        """The address's query, for the first page unless a cursor is given."""
        pairs = {
            "q": self.q,
            "sort": self.sort,
            "rows": self.rows if self.rows != DEFAULT_ROWS else "",
            **changes,
        }
        pairs = {key: value for key, value in pairs.items() if value}
        if pairs.get("sort") == self.default_sort:
            del pairs["sort"]
        return "?" + urlencode(pairs)


@dataclass(frozen=True)
class ColumnHead:
    label: str
    css: str
    #: Empty for a column that does not sort.
    href: str = ""
    #: `ascending` or `descending` if the list is sorted by the column.
    order: str = ""


def read_table_state(parameters: Mapping[str, str], default_sort: str) -> TableState:
    """Read the state; invalid numbers mean the default."""
    rows = parameters.get("rows", "")
    return TableState(
        default_sort,
        parameters.get("q", "").strip(),
        parameters.get("sort", ""),
        next((each for each in ROWS if str(each) == rows), DEFAULT_ROWS),
        _cursor(parameters.get("after", "")),
        _cursor(parameters.get("before", "")),
    )


def _cursor(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else 0


def column_head(
    state: TableState, label: str, css: str = "", *, sort: str = ""
) -> ColumnHead:
    """The head of a column; `sort` is what the first click sorts by."""
    if not sort:
        return ColumnHead(label, css)
    name, shown = sort.removeprefix("-"), state.shown_sort
    is_sorted = shown.removeprefix("-") == name
    order = ""
    if is_sorted:
        order = "descending" if shown.startswith("-") else "ascending"
    other = name if shown.startswith("-") else f"-{name}"
    return ColumnHead(label, css, state.query(sort=other if is_sorted else sort), order)


def table_context(
    state: TableState, page: TablePage[Any], lines: Sequence[Any]
) -> dict[str, Any]:
    return {
        "state": state,
        "q": state.q,
        "page": page,
        "lines": lines,
        "sizes": ROWS,
        "previous": state.query(before=page.before) if page.before else "",
        "next": state.query(after=page.after) if page.after else "",
    }


def show_table(
    request: PageRequest,
    state: TableState,
    compose: Callable[[TableState], dict[str, Any]],
    *,
    page: str,
    part: str,
) -> HttpResponse:
    """Render the list, or its part `part` for htmx.

    `compose` finds the rows and returns the context. An unknown sort or cursor is
    named above the first page, and an invalid filter instead of the rows.
    """
    if has_redundant_parameters(request):
        place = {"after": state.after, "before": state.before}
        return redirect_to_query(request, state.query(**place))
    template, complaints, status = part if request.htmx else page, [], 200
    try:
        context = compose(state)
    except InvalidFilter as error:
        # htmx swaps in a response with this status, and no other error.
        status = FORM_ERROR_STATUS if request.htmx else error.status
        empty: TablePage[Any] = TablePage((), 0, 0, 0)
        context = {**table_context(state, empty, ()), "problem": error.message}
    except InvalidValue as error:
        if error.details.get("field") not in ("sort", "after"):
            raise
        state = replace(state, sort="", after=0, before=0)
        complaints = [error]
        context = compose(state)
    context["complaints"] = complaints
    response = render(request, template, context, status=status)
    return with_pushed_url(request, response, request.path, state.query())


def counted_text(total: int) -> str:
    """`1,107`; `10,000+` for a number that was counted up to the limit."""
    return f"{grouped(MAX_COUNTED)}+" if total > MAX_COUNTED else grouped(total)
