"""Tables as a grid: cells, and the small charts in the heads of columns."""

from runs.render.tables.cells import (
    MAX_CELL_BYTES,
    GridCell,
    csv_row,
    is_image_name,
    number_cells,
    text_cells,
)
from runs.render.tables.histograms import draw_histogram, draw_value_bar
from runs.render.tables.rows import render_rows

__all__ = [
    "MAX_CELL_BYTES",
    "GridCell",
    "csv_row",
    "draw_histogram",
    "draw_value_bar",
    "is_image_name",
    "number_cells",
    "render_rows",
    "text_cells",
]
