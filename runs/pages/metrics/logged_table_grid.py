"""All rows of a logged table as a grid, instead of the panels."""

from __future__ import annotations

from urllib.parse import quote

from django.http import QueryDict

from runs.models import Metric, MetricKind
from runs.pages.tables import GridAddress, TableGrid, TableState, build_grid
from runs.storage.metrics import store
from runs.storage.tables import UnreadableTable, table_of_logged_rows

#: The newest rows that a grid has. The export has all.
MAX_GRID_ROWS = 50_000


def logged_table_grid(
    heads: dict[str, Metric], parameters: QueryDict, base: str
) -> TableGrid | None:
    """Return the grid of the table in the address; None without such a table."""
    key = parameters.get("table", "")
    head = heads.get(key)
    if head is None or head.kind != MetricKind.TABLE:
        return None
    newest = store.newest_points_of_all([head], MAX_GRID_ROWS)
    try:
        table = table_of_logged_rows(newest[head.pk].python_values())
    except UnreadableTable:
        return None
    address = GridAddress(f"{base}metrics/?table={quote(key)}")
    return build_grid(table, TableState.parse(parameters), address, key, heading=key)
