"""What an agent and a machine tell each other: a line of JSON, then `size` bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

#: Longer than any line that either side writes.
MAX_LINE_BYTES = 16 * 1024 * 1024


def encode_message(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"


def read_message(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message; None at the end. Raises ValueError."""
    line = stream.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        return None
    content: dict[str, Any] = json.loads(line)
    return content


class Payload(io.RawIOBase):
    """The bytes after a message, as a file; what is not read is skipped at the end."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises EOFError if the connection ends too early."""
        data = self._stream.read(min(len(buffer), self._left))
        if not data and self._left and len(buffer):
            raise EOFError
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def skip(self) -> None:
        while self._left:
            self.read(1 << 20)
