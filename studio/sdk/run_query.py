"""Runs that match a filter, and their columns as a data frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from studio.sdk.data_frames import (
    BOOLEAN,
    DURATION,
    INTEGER,
    MAP,
    NUMBER,
    PARAMETER,
    TEXT,
    TIME,
    TypedColumn,
    build_frame,
    choose_library,
    to_python,
)
from studio.sdk.errors import UserErrorException
from studio.sdk.run import Run, iterate_runs

DEFAULT_COLUMNS = ("name", "experiment", "status", "submitter", "created", "duration")
#: The number of rows per request, if columns are read and if rows are only counted.
PAGE_ROWS, COUNT_PAGE_ROWS = 2000, 10_000

_KINDS = {
    "number": INTEGER,
    "time": TIME,
    "duration": DURATION,
    "boolean": BOOLEAN,
    "map": MAP,
}


class RunQuery:
    """The runs that match a filter. Nothing is read before you use it.

    Create one by `workspace.runs(…)` or `experiment.runs(…)`. Iterating yields `Run`
    objects, read page by page. `rows()` yields dicts of the columns, and
    `to_dataframe()` reads all of them. Each use reads the runs as they are then.
    """

    def __init__(
        self,
        workspace: Any,
        filter: str = "",
        *,
        columns: Sequence[str] | None = None,
        order_by: str = "",
        limit: int | None = None,
        children: bool = False,
        archived: bool = False,
        experiment: Any = None,
    ) -> None:
        is_count = isinstance(limit, int) and not isinstance(limit, bool)
        if limit is not None and not (is_count and limit >= 0):
            raise UserErrorException(f"limit must be a whole number, not {limit!r}")
        self.filter = _check_text("filter", filter)
        self.columns = _check_columns(columns)
        self.order_by = _check_text("order_by", order_by)
        self.limit = limit
        self.children = children
        self.archived = archived
        self._workspace = workspace
        self._experiment = experiment

    def __iter__(self) -> Iterator[Run]:
        """Iterate over the runs as `Run` objects, with their tags."""
        return islice(iterate_runs(self._workspace, self._query()), self.limit)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Iterate over the runs as dicts: `id`, and the columns by their names.

        Times are datetimes in UTC, durations seconds, parameters and tags texts, `tags`
        a dict. A metric is a number, or the text that was logged. A missing value is
        None. Raises InvalidFilter, with the position, if the filter is wrong, and
        InvalidValue for an unknown column.
        """
        for page in self._read_pages():
            columns = [
                [to_python(kind, value) for value in values]
                for _name, kind, values in page
            ]
            names = [name for name, _kind, _values in page]
            for row in zip(*columns):
                yield dict(zip(names, row))

    def to_dataframe(self, library: str | None = None) -> Any:
        """Read all rows into a data frame: `id`, and the columns by their names.

        `library` is `pandas`, `polars` or `pyarrow` (a Table); by default the first of
        them that is installed. Times have the time zone UTC, durations are seconds,
        metrics are floats. If a metric has texts, they are in a column of their own,
        `<name> (text)`. A parameter is a number if all its values are numbers, else a
        text. In pandas a missing number is NaN.

        Raises NotSupportedError if no library is installed, InvalidFilter, with the
        position, if the filter is wrong, and InvalidValue for an unknown column.
        """
        chosen = choose_library(library)
        columns: list[TypedColumn] = []
        for page in self._read_pages():
            if not columns:
                columns = [TypedColumn(name, kind) for name, kind, _values in page]
            for column, (_name, _kind, values) in zip(columns, page):
                column.extend(values)
        # The list would keep each column until the last one is converted.
        columns.reverse()
        return build_frame(chosen, iter_released(columns))

    def to_arrow(self) -> Any:
        """Read all rows into a `pyarrow.Table`; see `to_dataframe`."""
        return self.to_dataframe("pyarrow")

    def __len__(self) -> int:
        """Count the runs that match, up to `limit`."""
        count, is_exact = self._count_roughly()
        if not is_exact:
            count = sum(self._count_pages())
        return count if self.limit is None else min(count, self.limit)

    def _first(self, count: int) -> RunQuery:
        """The same query, of at most `count` runs."""
        found = copy(self)
        found.limit = count if self.limit is None else min(self.limit, count)
        return found

    def _count_roughly(self) -> tuple[int, bool]:
        """The number of runs by one request, and whether it is exact."""
        page = self._request_page(rows=1)
        total, is_exact = int(page["total"]), bool(page["total_is_exact"])
        if self.limit is not None and self.limit <= total:
            return self.limit, True
        return total, is_exact

    def __bool__(self) -> bool:
        """Whether any run matches."""
        return self.limit != 0 and self._request_page(rows=1)["rows"] > 0

    def _query(self) -> dict[str, Any]:
        experiment = self._experiment
        return {
            "q": self.filter or None,
            "sort": self.order_by or None,
            "children": "1" if self.children else None,
            "archived": "1" if self.archived else None,
            "experiment": None if experiment is None else experiment._get_id(),
        }

    def _request_page(self, **more: Any) -> dict[str, Any]:
        # Without `id`, an empty list would mean the default columns.
        columns = ",".join(["id", *self.columns])
        query = {**self._query(), "columns": columns, **more}
        return dict(self._workspace._connection.get("columns", **query))

    def _read_pages(self) -> Iterator[list[tuple[str, str, list[Any]]]]:
        """The columns of each page: their names, kinds and values.

        There is at least one page, which can have no rows.
        """
        after: str | None = None
        left = self.limit
        while after != "":
            rows = PAGE_ROWS if left is None else min(left, PAGE_ROWS)
            page = self._request_page(rows=max(rows, 1), after=after)
            kept = page["rows"] if left is None else min(left, page["rows"])
            yield self._name_columns(page["columns"], kept)
            after = page["after"]
            if left is not None:
                left -= kept
                after = after if left else ""

    def _count_pages(self) -> Iterator[int]:
        """The number of runs of each page."""
        after: str | None = None
        count = 0
        while after != "" and (self.limit is None or count < self.limit):
            page = self._request_page(rows=COUNT_PAGE_ROWS, after=after, columns="id")
            yield int(page["rows"])
            count += page["rows"]
            after = page["after"]

    def _name_columns(
        self, columns: Sequence[Mapping[str, Any]], rows: int
    ) -> list[tuple[str, str, list[Any]]]:
        """The columns under the names that the caller wrote."""
        written = ["id", *self.columns]
        # The server names a field that was written in two ways only once.
        if len(written) != len(columns):
            written = [column["name"] for column in columns]
        return [
            (name, _kind_of(column), column["values"][:rows])
            for name, column in zip(written, columns)
        ]

    def __repr__(self) -> str:
        more = {
            "order_by": self.order_by,
            "limit": self.limit,
            "children": self.children,
            "archived": self.archived,
        }
        known = "".join(f", {name}={value!r}" for name, value in more.items() if value)
        return f"RunQuery({self.filter!r}, columns={list(self.columns)!r}{known})"

    def _page_url(self) -> str:
        """The address of the same list in Run Studio."""
        query = {
            "q": self.filter,
            "sort": self.order_by,
            "columns": ",".join(self.columns),
            "children": "1" if self.children else "",
            "archived": "1" if self.archived else "",
        }
        if self._experiment is not None:
            start = self._experiment.get_portal_url()
        else:
            client = self._workspace._connection.client
            start = f"{client.url}/w/{quote(client.workspace)}/runs/"
        known = {name: text for name, text in query.items() if text}
        return f"{start}?{urlencode(known)}"

    def _repr_html_(self) -> str:
        # Only notebooks need it.
        from studio.sdk.notebook import query_html

        return query_html(self)


def iter_released(columns: list[TypedColumn]) -> Iterator[TypedColumn]:
    """The columns from the last to the first; each is removed from the list."""
    while columns:
        yield columns.pop()


def _kind_of(column: Mapping[str, Any]) -> str:
    name, kind = str(column["name"]), str(column["type"])
    if name.startswith("metrics."):
        return NUMBER
    if name.startswith("params."):
        return PARAMETER
    return _KINDS.get(kind, TEXT)


def _check_text(name: str, text: Any) -> str:
    if not isinstance(text, str):
        raise UserErrorException(f"{name} must be text, not {text!r}")
    return text


def _check_columns(columns: Iterable[str] | None) -> tuple[str, ...]:
    """The fields, each once and without `id`, which is always read."""
    if columns is None:
        return DEFAULT_COLUMNS
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise UserErrorException(
            "columns must be a list of fields, such as ['metrics.acc'], not "
            f"{columns!r}"
        )
    found = [_check_text("A column", column).strip() for column in columns]
    if not all(found):
        raise UserErrorException("A column must not be empty: leave it out.")
    return tuple(name for name in dict.fromkeys(found) if name != "id")
