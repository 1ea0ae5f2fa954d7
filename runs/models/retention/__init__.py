"""Rules that move old runs or files to the trash."""

from __future__ import annotations

from runs.models.retention.retention_rule import RetentionKind, RetentionRule

__all__ = ["RetentionKind", "RetentionRule"]
