"""Count the lines of stored texts that have no line index yet, so no reader waits.

Appends and uploads count theirs. Files of older releases, and of a restored backup,
have none.
"""

from __future__ import annotations

import time

from django.db.models import Max

from runs.models import File
from runs.storage.logs import MIN_UPLOAD_BYTES, index_uploaded_text

#: Files that are looked at with one query.
MAX_FILES = 5_000
#: A pass ends after this time, and the next one continues.
PASS_SECONDS = 0.5


class LineCounter:
    """Looks at all files once, in the order of their keys, from each start on."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self, _now: int) -> None:
        deadline = time.monotonic() + PASS_SECONDS
        while self._read_next(deadline) and time.monotonic() < deadline:
            pass

    def _read_next(self, deadline: float) -> bool:
        """Return whether there can be more."""
        rows = File.objects.filter(pk__gt=self._last).order_by("pk")
        newest = rows[:MAX_FILES].aggregate(newest=Max("pk"))["newest"]
        if newest is None:
            return False
        large = rows.filter(
            pk__lte=newest, replaced__isnull=True, size__gte=MIN_UPLOAD_BYTES
        )
        for pk, blob, size in large.values_list("pk", "blob", "size"):
            index_uploaded_text(blob, size)
            self._last = pk
            if time.monotonic() >= deadline:
                return True
        self._last = newest
        return True
