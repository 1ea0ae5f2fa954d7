"""Standard output and error, shown as before and also written to a run's log."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.delivery.log_delivery import LogBuffer
from studio.sdk.delivery.writer import Writer

#: Where the v1 SDK writes the output of an interactive run.
USER_LOG = "logs/user_log.txt"
#: The end of a line also sends the buffer.
MAX_BUFFERED_CHARS = 8192


class StreamCapture:
    """Replaces `sys.stdout` and `sys.stderr` until it is closed.

    with StreamCapture(writer):
        print("both here and in the run's log")
    """

    def __init__(self, writer: Writer, path: str = USER_LOG) -> None:
        self._originals = (sys.stdout, sys.stderr)
        self._copies = tuple(
            _CopiedStream(stream, writer, path) for stream in self._originals
        )
        sys.stdout, sys.stderr = self._copies

    def close(self) -> None:
        """Restore the streams, unless they were replaced again since."""
        for copy in self._copies:
            copy.finish()
        if sys.stdout is self._copies[0]:
            sys.stdout = self._originals[0]
        if sys.stderr is self._copies[1]:
            sys.stderr = self._originals[1]

    def __enter__(self) -> StreamCapture:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _CopiedStream:
    """A text stream with everything of the original, which also writes to a log."""

    def __init__(self, stream: Any, writer: Writer, path: str) -> None:
        self._stream, self._writer, self._path = stream, writer, path
        self._buffer = LogBuffer()
        self._size = 0
        self._is_finished = False
        # Re-entered when logging itself prints.
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        count = self._stream.write(text) if self._stream is not None else len(text)
        with self._lock:
            # Scripts can print half of a surrogate pair, which has no UTF-8.
            self._buffer.add(text.encode("utf-8", "backslashreplace"))
            self._size += len(text)
            # Progress bars end their lines with a carriage return.
            is_line_end = "\n" in text or "\r" in text
            if is_line_end or self._size >= MAX_BUFFERED_CHARS:
                self._send()
        # Some replacements of `sys.stdout` return None.
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
        """Write only to the original stream from now on."""
        with self._lock:
            self._send()
            self._is_finished = True

    def _send(self) -> None:
        self._size = 0
        if self._is_finished:
            # The log takes no more: do not collect what is printed.
            self._buffer = LogBuffer()
            return
        try:
            self._writer.append_log(self._path, self._buffer)
        except (StudioError, OSError):
            # The run is closed, or the disk full: printing continues.
            self._is_finished = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
