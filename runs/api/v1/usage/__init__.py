"""REST: what the workspace stores, and its quota."""

from __future__ import annotations

from runs.api.v1.usage.usage import (
    count_storage_again,
    get_storage,
    set_storage_quota,
)

__all__ = ["count_storage_again", "get_storage", "set_storage_quota"]
