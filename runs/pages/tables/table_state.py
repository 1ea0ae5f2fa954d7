"""What the address says about a table: filters, order, page, and columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urlencode

from runs.search.tables import MAX_SORTS, ColumnFilter, ColumnSort, TableQuery

PAGE_SIZES = (50, 100, 250, 500)
#: Characters of a value in the address, and filters of one address.
MAX_VALUE_CHARS, MAX_FILTERS = 500, 50
#: Columns that are shown if none are chosen, and at most.
DEFAULT_COLUMNS, MAX_SHOWN_COLUMNS = 30, 100

_MIN, _MAX, _HAS, _IS, _MISSING = "min.", "max.", "has.", "is.", "missing."
_MISSING_WORDS = {"only": True, "without": False}


class Parameters(Protocol):
    """What a QueryDict has."""

    def get(self, key: str, default: str) -> str | None: ...

    def getlist(self, key: str) -> Sequence[str]: ...

    def __iter__(self) -> Iterator[str]: ...


@dataclass(frozen=True)
class TableState:
    """`columns` is empty for the default; `edited` has its filter open.

    Each name in the address starts with `prefix`, so that a page can have many tables.
    """

    query: TableQuery = field(default_factory=TableQuery)
    page: int = 1
    rows: int = PAGE_SIZES[0]
    columns: tuple[str, ...] = ()
    edited: str = ""
    prefix: str = ""
    #: How often the page was loaded while the table was being parsed.
    wait: int = field(default=0, compare=False)

    @classmethod
    def parse(cls, parameters: Parameters, prefix: str = "") -> TableState:
        """Read the address; what cannot be read is left out."""

        def text(name: str) -> str:
            return (parameters.get(prefix + name, "") or "")[:MAX_VALUE_CHARS]

        rows = _number(text("rows"))
        return cls(
            TableQuery(
                _filters(parameters, prefix),
                tuple(
                    ColumnSort(name.removeprefix("-"), name.startswith("-"))
                    for name in parameters.getlist(f"{prefix}sort")[:MAX_SORTS]
                ),
                text("search").strip(),
            ),
            max(1, _number(text("page"))),
            rows if rows in PAGE_SIZES else PAGE_SIZES[0],
            tuple(dict.fromkeys(parameters.getlist(f"{prefix}col")))[
                :MAX_SHOWN_COLUMNS
            ],
            text("edit"),
            prefix,
            _number(text("wait")),
        )

    def to_query(self) -> str:
        return urlencode(self.parameters())

    def parameters(self) -> list[tuple[str, str]]:
        """Return the names and values of the address; defaults are left out."""
        named = [
            ("sort", f"-{each.column}" if each.is_descending else each.column)
            for each in self.query.sorts
        ]
        for each in self.query.filters:
            named += filter_parameters(each)
        named += [("col", name) for name in self.columns]
        for name, value, default in (
            ("search", self.query.text, ""),
            ("page", str(self.page), "1"),
            ("rows", str(self.rows), str(PAGE_SIZES[0])),
            ("edit", self.edited, ""),
            ("wait", str(self.wait), "0"),
        ):
            if value != default:
                named.append((name, value))
        return [(f"{self.prefix}{name}", value) for name, value in named]

    def filter_of(self, column: str) -> ColumnFilter | None:
        return next((f for f in self.query.filters if f.column == column), None)

    def on_page(self, page: int) -> TableState:
        return replace(self, page=page, wait=0)

    def with_sorts(self, sorts: tuple[ColumnSort, ...]) -> TableState:
        query = replace(self.query, sorts=sorts)
        return replace(self, query=query, page=1, edited="", wait=0)

    def without_filter(self, column: str) -> TableState:
        filters = tuple(f for f in self.query.filters if f.column != column)
        return replace(self._filtered(filters), edited="")

    def without_filters(self) -> TableState:
        return replace(self._filtered(()), edited="").with_text("")

    def with_text(self, text: str) -> TableState:
        return replace(self, query=replace(self.query, text=text), page=1, wait=0)

    def editing(self, column: str) -> TableState:
        return replace(self, edited=column, wait=0)

    def with_columns(self, columns: tuple[str, ...]) -> TableState:
        return replace(self, columns=columns, wait=0)

    def waiting(self) -> TableState:
        return replace(self, wait=self.wait + 1)

    def _filtered(self, filters: tuple[ColumnFilter, ...]) -> TableState:
        return replace(self, query=replace(self.query, filters=filters), page=1, wait=0)


def filter_parameters(each: ColumnFilter) -> list[tuple[str, str]]:
    """Return the names and values of a filter, without a prefix."""
    words: dict[bool | None, str] = {None: ""}
    words.update((value, word) for word, value in _MISSING_WORDS.items())
    found = [
        (_MIN, each.minimum),
        (_MAX, each.maximum),
        (_HAS, each.contains),
        *((_IS, value) for value in each.equals),
        (_MISSING, words[each.is_missing]),
    ]
    return [(f"{name}{each.column}", value) for name, value in found if value]


def _filters(parameters: Parameters, prefix: str) -> tuple[ColumnFilter, ...]:
    columns = dict.fromkeys(
        key.removeprefix(prefix + kind)
        for key in parameters
        for kind in (_MIN, _MAX, _HAS, _IS, _MISSING)
        if key.startswith(prefix + kind)
    )
    found = [_filter(parameters, prefix, column) for column in columns]
    is_set = [each for each in found if each != ColumnFilter(each.column)]
    return tuple(is_set[:MAX_FILTERS])


def _filter(parameters: Parameters, prefix: str, column: str) -> ColumnFilter:
    def text(kind: str) -> str:
        value = parameters.get(f"{prefix}{kind}{column}", "") or ""
        return value[:MAX_VALUE_CHARS].strip()

    chosen = parameters.getlist(f"{prefix}{_IS}{column}")[:MAX_FILTERS]
    return ColumnFilter(
        column,
        text(_MIN),
        text(_MAX),
        text(_HAS),
        tuple(value[:MAX_VALUE_CHARS] for value in chosen if value),
        _MISSING_WORDS.get(text(_MISSING)),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def next_sort(state: TableState, column: str) -> TableState:
    """Return the state after a click on the column's head: up, down, unsorted."""
    current = state.query.sorts[:1]
    if current == (ColumnSort(column),):
        return state.with_sorts((ColumnSort(column, is_descending=True),))
    is_sorted = current == (ColumnSort(column, is_descending=True),)
    return state.with_sorts(() if is_sorted else (ColumnSort(column),))
