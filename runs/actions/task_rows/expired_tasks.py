"""Delete background tasks that ended long ago. Their change sets stay."""

from __future__ import annotations

from django.conf import settings

from runs.models import BackgroundTask
from studio.core.batches import batches

DAY_MS = 86_400_000


def delete_old_tasks(now: int) -> int:
    """Delete tasks that ended more than `STUDIO_TASK_DAYS` ago; return how many."""
    limit = now - settings.TASK_DAYS * DAY_MS
    # Without `ended` they are open. The steps of ended tasks are deleted already.
    old = BackgroundTask.objects.filter(ended__lt=limit)
    keys = list(old.order_by("pk").values_list("pk", flat=True))
    # Small transactions, because SQLite has one writer at a time.
    for some in batches(keys):
        BackgroundTask.objects.filter(pk__in=some).delete()
    return len(keys)
