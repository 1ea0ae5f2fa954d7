"""Means with deviations, and tables for papers."""

from runs.render.groups.paper_tables import (
    PaperCell,
    PaperTable,
    format_mean_and_deviation,
    latex_table,
    markdown_table,
)

__all__ = [
    "PaperCell",
    "PaperTable",
    "format_mean_and_deviation",
    "latex_table",
    "markdown_table",
]
