"""How far a long command is, on a terminal and nowhere else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

UPDATE_SECONDS = 0.2


class Progress:
    """One line that is written over; a log or a pipe gets none.

    `totals` keeps the total of each phase.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_shown = self._stream.isatty()
        self._next = 0.0
        self._width = 0
        self.totals: dict[str, int] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        self.totals[phase] = total
        now = time.monotonic()
        if not self._is_shown or (now < self._next and done < total):
            return
        self._next = now + UPDATE_SECONDS
        share = 100 * done // total if total else 100
        line = f"{phase}: {done:,} of {total:,} ({share} %)"
        self._write(line)

    def _write(self, line: str) -> None:
        self._stream.write(f"\r{line.ljust(self._width)}")
        self._stream.flush()
        self._width = len(line)

    def end(self) -> None:
        """Remove the line."""
        if self._width:
            self._write("")
            self._stream.write("\r")
            self._width = 0


def size_text(size: int) -> str:
    number = float(size)
    for unit in ("bytes", "KB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
