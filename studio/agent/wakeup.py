"""Wakes the agent's loop: from its threads, and from a signal's handler."""

from __future__ import annotations

import contextlib
import os

from studio.core.readiness import wait_readable


class Wakeup:
    """A pipe. `threading.Event` could lock up if a handler sets it during its wait."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)

    def __enter__(self) -> None:
        """Close it at the end of a block."""

    def __exit__(self, *_error: object) -> None:
        read, write, self._read, self._write = self._read, self._write, -1, -1
        os.close(read)
        os.close(write)

    def set(self) -> None:
        # Full means that it is set. After the end, threads still call it.
        with contextlib.suppress(OSError):
            os.write(self._write, b"\0")

    def wait(self, seconds: float) -> None:
        """Until it is set, or the time is over."""
        wait_readable(self._read, seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 4096)
