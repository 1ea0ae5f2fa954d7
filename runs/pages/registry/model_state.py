"""The state of a model's versions: read from its address, written into its links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from django.http import QueryDict

#: Rows of a page: few, because the comparison is below them.
DEFAULT_ROWS, ROWS = 10, (10, 25, 50)

DEFAULT_SORT = "-version"
#: Metrics that have columns, if the address doesn't name some.
DEFAULT_COLUMNS = 3
MAX_COLUMNS = 12
MAX_SELECTED = 10
#: Longer values in an address are ignored.
MAX_VALUE_CHARS = 1000


@dataclass(frozen=True)
class VersionsState:
    """`columns` are metrics; None means the default ones. `base` is the baseline."""

    q: str = ""
    sort: str = DEFAULT_SORT
    rows: int = DEFAULT_ROWS
    page: int = 1
    columns: tuple[str, ...] | None = None
    chart: str = ""
    select: tuple[int, ...] = ()
    base: int = 0
    metrics: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> VersionsState:
        """Read the state; what can't be read means the default."""
        rows = query.get("rows", "")
        return cls(
            query.get("q", "").strip()[:MAX_VALUE_CHARS],
            query.get("sort", "")[:MAX_VALUE_CHARS] or DEFAULT_SORT,
            next((each for each in ROWS if str(each) == rows), DEFAULT_ROWS),
            _read_number(query.get("page", "")) or 1,
            _read_columns(query),
            query.get("chart", "")[:MAX_VALUE_CHARS],
            _read_selected(query.getlist("select")),
            _read_number(query.get("base", "")),
            "all" if query.get("metrics") == "all" else "",
        )

    @property
    def pair(self) -> tuple[int, int] | None:
        """The baseline and the other one, if two versions are selected."""
        if len(self.select) != 2:
            return None
        low, high = sorted(self.select)
        return (high, low) if self.base == high else (low, high)

    def query(self, **changes: Any) -> str:
        """The address's query with `changes`; the first page unless they name one."""
        state = replace(self, **{"page": 1, **changes})
        pairs: list[tuple[str, object]] = [
            ("q", state.q),
            ("sort", "" if state.sort == DEFAULT_SORT else state.sort),
            ("rows", "" if state.rows == DEFAULT_ROWS else state.rows),
            ("page", "" if state.page == 1 else state.page),
            ("chart", state.chart),
            ("metrics", state.metrics),
            *(("select", number) for number in state.select),
            ("base", state.base if state.base in state.select else ""),
        ]
        parts = [f"{name}={quote(str(value))}" for name, value in pairs if value]
        if state.columns is not None:
            columns = state.columns or ("",)
            parts += [f"columns={quote(each)}" for each in columns]
        return "?" + "&".join(parts)

    def here(self, **changes: Any) -> str:
        """The same, on the same page."""
        return self.query(**{"page": self.page, **changes})


def _read_columns(query: QueryDict) -> tuple[str, ...] | None:
    if "columns" not in query:
        return None
    named = [each[:MAX_VALUE_CHARS] for each in query.getlist("columns") if each]
    return tuple(dict.fromkeys(named))[:MAX_COLUMNS]


def _read_selected(texts: Sequence[str]) -> tuple[int, ...]:
    # `select=12,14` is short to write by hand.
    numbers = [_read_number(each) for text in texts for each in text.split(",")]
    return tuple(dict.fromkeys(each for each in numbers if each))[:MAX_SELECTED]


def _read_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
