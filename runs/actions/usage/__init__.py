"""Count what workspaces store, and keep them within their quotas."""

from __future__ import annotations

from runs.actions.usage.counting import count_if_due, count_storage
from runs.actions.usage.quota import (
    QUOTA,
    WARNING_SHARE,
    Fill,
    read_fill,
    refuse_if_full,
    request_count,
    set_quota,
)

__all__ = [
    "QUOTA",
    "WARNING_SHARE",
    "Fill",
    "count_if_due",
    "count_storage",
    "read_fill",
    "refuse_if_full",
    "request_count",
    "set_quota",
]
