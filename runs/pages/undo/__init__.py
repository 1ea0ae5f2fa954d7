"""Undo, and changes in words."""

from __future__ import annotations

from runs.pages.undo.change_lines import (
    ChangeLine,
    action_label,
    change_line,
    describe_changes,
)
from runs.pages.undo.history_rows import (
    HistoryRow,
    change_set_row,
    who_and_token,
)
from runs.pages.undo.undo import (
    last_undo_href,
    task_path,
    undo_path_of,
)
from runs.pages.undo.urls import (
    urlpatterns,
)

__all__ = [
    "ChangeLine",
    "HistoryRow",
    "action_label",
    "change_line",
    "change_set_row",
    "describe_changes",
    "last_undo_href",
    "task_path",
    "undo_path_of",
    "urlpatterns",
    "who_and_token",
]
