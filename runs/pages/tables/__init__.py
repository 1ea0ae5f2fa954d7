"""Tables as a grid: filters, order, page and columns are in the address."""

from runs.pages.tables.table_grid import GridAddress, TableGrid, build_grid, table_rows
from runs.pages.tables.table_notes import fault_text
from runs.pages.tables.table_state import TableState

__all__ = [
    "GridAddress",
    "TableGrid",
    "TableState",
    "build_grid",
    "fault_text",
    "table_rows",
]
