"""What a workspace stores: reports by day, and its quota."""

from __future__ import annotations

from runs.models.usage.usage import StorageReport, StorageSettings

__all__ = ["StorageReport", "StorageSettings"]
