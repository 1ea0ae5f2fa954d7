"""Save selections of a run list, and export histories in the background."""

from __future__ import annotations

from runs.actions.run_list.history_exports import (
    EXPORT_LIFETIME_MS,
    PARQUET,
    HistoryExporter,
    delete_old_exports,
    find_own_export,
    open_exported_file,
    queue_history_export,
    read_exported_list,
)
from runs.actions.run_list.selections import (
    DAY_MS,
    delete_unused_selections,
    save_selection,
)

__all__ = [
    "DAY_MS",
    "EXPORT_LIFETIME_MS",
    "PARQUET",
    "HistoryExporter",
    "delete_old_exports",
    "delete_unused_selections",
    "find_own_export",
    "open_exported_file",
    "queue_history_export",
    "read_exported_list",
    "save_selection",
]
