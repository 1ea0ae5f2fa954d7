"""Tables in stored files: their formats, and their columns as sortable arrays."""

from runs.storage.tables.column_summary import BINS
from runs.storage.tables.dates import date_range, date_text
from runs.storage.tables.faults import TableFault, UnreadableTable
from runs.storage.tables.formats import TableFormat, table_format
from runs.storage.tables.stored_table import StoredTable, TableColumn
from runs.storage.tables.table_cache import (
    MAX_SMALL_BYTES,
    TableProgress,
    TableSource,
    open_table,
    table_of_logged_rows,
)

__all__ = [
    "BINS",
    "MAX_SMALL_BYTES",
    "StoredTable",
    "TableColumn",
    "TableFault",
    "TableFormat",
    "TableProgress",
    "TableSource",
    "UnreadableTable",
    "date_range",
    "date_text",
    "open_table",
    "table_format",
    "table_of_logged_rows",
]
