"""Who changes the index of a workspace: one after the other.

The worker reads logs and segments for seconds, without a lock. Before it saves what it
made of them, it takes this lock and looks whether logs were deleted, or the index was
switched off, since then. Deletions take the lock, too.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from runs.models import IndexedLog, LogIndexSettings, LogSegment
from runs.search.sql import InKeys


def lock_index(workspace: int) -> bool:
    """Lock the index until the transaction ends; return whether it is on."""
    rows = LogIndexSettings.objects.select_for_update().filter(workspace=workspace)
    state = rows.first()
    return state is None or state.is_on


def mark_logs_deleted(workspace: int) -> None:
    """Have the worker write segments again without logs that are deleted.

    A deleted log has no hits from then on, as its row is deleted. Called in the
    transaction of the deletion, before it.
    """
    lock_index(workspace)
    LogSegment.objects.filter(workspace=workspace).update(has_deleted=True)


def known_files(keys: Collection[int]) -> set[int]:
    """Return those of the files that the index still has."""
    rows = IndexedLog.objects.filter(Q(InKeys("file_id", list(keys))))
    return set(rows.values_list("pk", flat=True))
