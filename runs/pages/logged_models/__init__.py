"""Logged models: the list, one model, and its files."""

from __future__ import annotations

from runs.pages.logged_models.table_state import (
    TableState,
    column_head,
    counted_text,
    read_table_state,
    show_table,
    table_context,
)
from runs.pages.logged_models.urls import (
    urlpatterns,
)

__all__ = [
    "TableState",
    "column_head",
    "counted_text",
    "read_table_state",
    "show_table",
    "table_context",
    "urlpatterns",
]
