"""Delete the bytes of files whose rows were deleted.

`delete_blobs_after_commit` records the blobs in the transaction that deletes their
rows, and deletes the bytes after its commit. If a crash, a backup or a full disk stops
that, the record stays and the sweep finishes the work.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from django.db import DatabaseError, transaction

from runs.models import BlobRemoval, now_ms
from runs.storage.files import deletions_allowed, files
from studio.core.batches import SIZE, batches

log = logging.getLogger("studio.files")


def delete_blobs_after_commit(blobs: Sequence[str]) -> None:
    """Record the blobs, and delete their bytes once the transaction is committed."""
    if not blobs:
        return
    created = now_ms()
    rows = [BlobRemoval(blob=blob, created=created) for blob in blobs]
    BlobRemoval.objects.bulk_create(rows, batch_size=SIZE, ignore_conflicts=True)
    # After the commit: a rollback brings back the rows, but could not bring back the
    # bytes.
    transaction.on_commit(partial(_delete_blobs, tuple(blobs)))


def _delete_blobs(blobs: Sequence[str]) -> None:
    with deletions_allowed() as is_allowed:
        # A backup is reading the folder. The record stays for the sweep.
        if not is_allowed:
            return
        try:
            for some in batches(blobs):
                for blob in some:
                    files.delete(blob)
                BlobRemoval.objects.filter(blob__in=some).delete()
        except (OSError, DatabaseError) as error:
            # The rows are deleted, so the caller succeeded. The sweep does the rest.
            log.warning("Deleted files still take space until the sweep: %s", error)
