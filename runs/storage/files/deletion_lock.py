"""The lock between backups, which copy stored files, and code that deletes them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def hold_deletions() -> Iterator[None]:
    """Allow no deletion of stored files within a `with` block.

    Waits for running deletions. The system releases the lock when its process ends.
    """
    handle = _open_lock_file()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def deletions_allowed() -> Iterator[bool]:
    """Yield whether stored files can be deleted or moved now; never waits."""
    handle = _open_lock_file()
    try:
        try:
            # Deletions share the lock: many can run at once, and none during a backup.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _open_lock_file() -> int:
    folder = Path(settings.FILES_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(folder / "deletions.lock", os.O_RDWR | os.O_CREAT, 0o600)
