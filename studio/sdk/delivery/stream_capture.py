"""Standard output and error, shown as ever and streamed to a run's log as well."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.delivery.log_delivery import Outlet
from studio.sdk.delivery.writer import Writer

#: Where the v1 SDK puts what an interactive run prints.
USER_LOG = "logs/user_log.txt"
#: So much is kept together before it goes to the spool; a line's end sends it on.
HELD_BYTES = 8192


class Streams:
    """Replaces `sys.stdout` and `sys.stderr` until it is closed.

    with Streams(writer):
        print("both here and in the run's log")
    """

    def __init__(self, writer: Writer, path: str = USER_LOG) -> None:
        self._before = (sys.stdout, sys.stderr)
        self._tees = tuple(_Tee(stream, writer, path) for stream in self._before)
        sys.stdout, sys.stderr = self._tees

    def close(self) -> None:
        """Give the streams back, unless somebody has replaced them since."""
        for tee in self._tees:
            tee.finish()
        if sys.stdout is self._tees[0]:
            sys.stdout = self._before[0]
        if sys.stderr is self._tees[1]:
            sys.stderr = self._before[1]

    def __enter__(self) -> Streams:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _Tee:
    """A text stream that has all that the other has, and writes to a log too."""

    def __init__(self, stream: Any, writer: Writer, path: str) -> None:
        self._stream, self._writer, self._path = stream, writer, path
        self._held = Outlet()
        self._size = 0
        self._is_done = False
        # Re-entered where logging itself prints.
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        count = self._stream.write(text) if self._stream is not None else len(text)
        with self._lock:
            self._held.add(text.encode("utf-8", "backslashreplace"))
            self._size += len(text)
            if "\n" in text or "\r" in text or self._size >= HELD_BYTES:
                self._send()
        return len(text) if count is None else count

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._lock:
            self._send()
        if self._stream is not None:
            self._stream.flush()

    def finish(self) -> None:
        """From now on only the stream itself is written to."""
        with self._lock:
            self._send()
            self._is_done = True

    def _send(self) -> None:
        self._size = 0
        if self._is_done:
            # Nobody takes it any more.
            self._held = Outlet()
            return
        try:
            self._writer.log(self._path, self._held)
        except (StudioError, OSError):
            # The run is closed, or the disk full: printing goes on.
            self._is_done = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
