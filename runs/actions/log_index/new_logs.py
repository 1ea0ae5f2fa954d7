"""Find the logs that the index does not know, in the order in which they arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from runs.actions.log_index.index_lock import lock_index
from runs.models import File, IndexedLog, LogIndexSettings, Workspace
from runs.search.log_index import is_log_file
from runs.search.sql import InKeys

#: Files that are looked at in one pass; the next pass continues.
MAX_FILES = 5_000
#: On PostgreSQL, files with lower keys can be committed later than others.
OVERLAP = 500


def find_new_logs(workspace: Workspace) -> bool:
    """Add the next logs to the index; return whether there can be more."""
    state, _created = LogIndexSettings.objects.get_or_create(workspace=workspace)
    first = max(0, state.last_file - OVERLAP)
    newest, keys = _unknown_logs(workspace, first, MAX_FILES + OVERLAP)
    if newest <= state.last_file and not keys:
        return False
    with transaction.atomic():
        rows = LogIndexSettings.objects.filter(pk=state.pk, last_file=state.last_file)
        # Switched off since then, or reset: what was found belongs to the old index.
        if not lock_index(workspace.pk) or not rows.exists():
            return False
        _add(workspace, keys)
        if newest > state.last_file:
            rows.update(last_file=newest)
    return newest > state.last_file


def find_forgotten_logs(workspace: Workspace, first: int) -> int:
    """Add known logs that were passed over, after a key; return the key to go on from.

    On PostgreSQL a long transaction can add files long after those with higher keys.
    Returns 0 at the end.
    """
    state, _created = LogIndexSettings.objects.get_or_create(workspace=workspace)
    newest, keys = _unknown_logs(workspace, first, MAX_FILES, last=state.last_file)
    if keys:
        with transaction.atomic():
            if lock_index(workspace.pk):
                _add(workspace, keys)
    return newest


def _unknown_logs(
    workspace: Workspace, first: int, count: int, *, last: int | None = None
) -> tuple[int, list[int]]:
    """Look at the next files; return the key of the newest one, and unknown logs."""
    files = File.objects.filter(pk__gt=first)
    if last is not None:
        files = files.filter(pk__lte=last)
    some = files.order_by("pk")[:count]
    newest = some.aggregate(newest=Max("pk"))["newest"] or 0
    rows: Any = File.objects.filter(
        is_log_file(),
        Q(pk__gt=first, pk__lte=newest),
        run__workspace=workspace,
        replaced__isnull=True,
        indexed_log__isnull=True,
    )
    return newest, list(rows.values_list("pk", flat=True))


def _add(workspace: Workspace, keys: Sequence[int]) -> None:
    # A file can have been deleted since then, and another worker can add the same.
    kept = File.objects.filter(Q(InKeys("id", list(keys)))).select_for_update(
        no_key=True
    )
    new = [IndexedLog(file=file, workspace=workspace) for file in kept]
    IndexedLog.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
