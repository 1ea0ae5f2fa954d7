"""Rows of tables: filtered, searched, sorted and paged."""

from runs.search.tables.table_pages import (
    SelectedRows,
    iterate_rows,
    read_page,
    select_rows,
)
from runs.search.tables.table_query import (
    MAX_SORTS,
    ColumnFilter,
    ColumnSort,
    TableQuery,
)

__all__ = [
    "MAX_SORTS",
    "ColumnFilter",
    "ColumnSort",
    "SelectedRows",
    "TableQuery",
    "iterate_rows",
    "read_page",
    "select_rows",
]
