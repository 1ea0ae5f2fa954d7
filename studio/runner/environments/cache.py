"""The folder of prepared environments, which runs share."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

READY_FILE = "ready"
#: Environments that no run used for so long are deleted.
MAX_UNUSED_SECONDS = 30 * 24 * 3600
POLL_SECONDS = 0.25


class CachedEnvironment:
    """One environment by its key; it is whole or not there."""

    def __init__(self, cache: Path, key: str) -> None:
        self.folder = cache / "environments" / key
        self._lock_path = self.folder.with_name(f"{key}.lock")

    @property
    def is_ready(self) -> bool:
        return (self.folder / READY_FILE).exists()

    def use(self) -> None:
        """Record that it is used now."""
        with contextlib.suppress(OSError):
            os.utime(self.folder / READY_FILE)

    @contextmanager
    def locked(self, wait: Callable[[], None]) -> Iterator[None]:
        """Have it for this process alone; calls `wait` while another one has it.

        The half of an environment that a killed process left is deleted. Raises
        OSError.
        """
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not _try_to_lock(handle):
                wait()
                time.sleep(POLL_SECONDS)
            if not self.is_ready:
                shutil.rmtree(self.folder, ignore_errors=True)
            yield
        finally:
            os.close(handle)

    def delete(self) -> None:
        """Delete what there is of it, after a failure."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def mark_as_ready(self) -> None:
        (self.folder / READY_FILE).touch()


def delete_unused(cache: Path) -> None:
    """Delete what no run used for a month."""
    before = time.time() - MAX_UNUSED_SECONDS
    for ready in (cache / "environments").glob(f"*/{READY_FILE}"):
        with contextlib.suppress(OSError):
            if ready.stat().st_mtime < before:
                # First, so that no run finds half an environment.
                ready.unlink()
                shutil.rmtree(ready.parent, ignore_errors=True)


def _try_to_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
