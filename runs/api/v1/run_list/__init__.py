"""REST: exports of the metric histories of a list of runs."""

from __future__ import annotations

from runs.api.v1.run_list.history_exports import (
    create_history_export,
    download_history_export,
    get_history_export,
)

__all__ = [
    "create_history_export",
    "download_history_export",
    "get_history_export",
]
