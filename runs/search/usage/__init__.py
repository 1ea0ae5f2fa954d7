"""What a workspace stores: kinds of data, usage by experiment, run and member."""

from __future__ import annotations

from runs.search.usage.storage_usage import (
    StorageUsage,
    UsageRow,
    read_usage,
    usage_by_experiment,
    usage_by_member,
    usage_by_run,
)
from runs.search.usage.stored_kinds import (
    FILE_CONDITIONS,
    StoredKind,
    file_kind_expression,
)

__all__ = [
    "FILE_CONDITIONS",
    "StorageUsage",
    "StoredKind",
    "UsageRow",
    "file_kind_expression",
    "read_usage",
    "usage_by_experiment",
    "usage_by_member",
    "usage_by_run",
]
