"""Find the logs that the index does not know, in the order in which they arrived."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Q

from runs.models import File, IndexedLog, LogIndexSettings, Workspace
from runs.search.log_index import is_log_file

#: Files that are looked at in one pass; the next pass continues.
MAX_FILES = 5_000
#: On PostgreSQL, files with lower keys can be committed later than others.
OVERLAP = 500


def find_new_logs(workspace: Workspace) -> bool:
    """Add the next logs to the index; return whether there can be more."""
    state, _created = LogIndexSettings.objects.get_or_create(workspace=workspace)
    first = max(0, state.last_file - OVERLAP)
    last = File.objects.filter(pk__gt=first).order_by("pk")[: MAX_FILES + OVERLAP]
    newest = last.aggregate(newest=Max("pk"))["newest"] or 0
    rows: Any = File.objects.filter(
        is_log_file(),
        Q(pk__gt=first, pk__lte=newest),
        run__workspace=workspace,
        replaced__isnull=True,
        indexed_log__isnull=True,
    )
    new = [
        IndexedLog(file_id=key, workspace=workspace)
        for key in rows.values_list("pk", flat=True)
    ]
    # Another worker can add the same.
    IndexedLog.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    if newest > state.last_file:
        LogIndexSettings.objects.filter(workspace=workspace).update(last_file=newest)
    return bool(newest > state.last_file)
