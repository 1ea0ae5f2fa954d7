"""Means with deviations, and tables for papers."""

from runs.render.groups.paper_tables import (
    PaperCell,
    PaperTable,
    latex_table,
    markdown_table,
    with_deviation,
)

__all__ = [
    "PaperCell",
    "PaperTable",
    "latex_table",
    "markdown_table",
    "with_deviation",
]
