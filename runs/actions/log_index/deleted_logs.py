"""Tell the index that logs were deleted."""

from __future__ import annotations

from runs.models import LogSegment


def mark_logs_deleted(workspace: int) -> None:
    """Have the worker write segments again without logs that were deleted.

    A deleted log has no hits from then on, as its row is deleted.
    """
    LogSegment.objects.filter(workspace=workspace).update(has_deleted=True)
