"""The comparison: runs side by side."""

from __future__ import annotations

from runs.pages.compare.add_run import find_run_by_id_or_name, find_runs_to_add
from runs.pages.compare.columns import column_line
from runs.pages.compare.conclusion import (
    conclusion_items,
)
from runs.pages.compare.state import (
    CompareState,
    runs_query,
)
from runs.pages.compare.urls import (
    urlpatterns,
)

__all__ = [
    "CompareState",
    "column_line",
    "conclusion_items",
    "find_run_by_id_or_name",
    "find_runs_to_add",
    "runs_query",
    "urlpatterns",
]
