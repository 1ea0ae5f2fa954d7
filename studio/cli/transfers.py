"""Downloads with a progress bar on stderr, all of a file or nothing."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from studio.sdk.client import Client

BAR_COLUMNS = 20


class TransferBar:
    """How many bytes were transferred; nothing if stderr is no terminal."""

    def __init__(self, total: int, title: str, *, is_hidden: bool = False) -> None:
        self.total, self.title, self.done = total, title, 0
        self._is_shown = sys.stderr.isatty() and not is_hidden
        self._shown_percent = -1

    def __enter__(self) -> TransferBar:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._is_shown and self._shown_percent >= 0:
            # Erase the line, so that what follows stands alone.
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def add(self, size: int) -> None:
        self.done += size
        if not self._is_shown:
            return
        if not self.total:
            text = f"{self.done / 1e6:.1f} MB"
            percent = self.done // 100_000
        else:
            percent = min(100, 100 * self.done // self.total)
            filled = "#" * (BAR_COLUMNS * percent // 100)
            text = f"[{filled:<{BAR_COLUMNS}}] {percent} %"
        if percent != self._shown_percent:
            self._shown_percent = percent
            sys.stderr.write(f"\r{self.title} {text}")
            sys.stderr.flush()


class _CountedFile:
    """A file that tells the bar how much is written. It cannot begin again."""

    def __init__(self, file: BinaryIO, bar: TransferBar) -> None:
        self._file, self._bar, self._written = file, bar, 0
        self._is_rewound = False

    def tell(self) -> int:
        return self._written

    def seek(self, position: int) -> int:
        if position != self._written:
            self._file.seek(position)
            self._bar.done -= self._written - position
            self._written, self._is_rewound = position, True
        return position

    def truncate(self) -> None:
        # What stood in a file before the first byte (`>>`) stays.
        if self._is_rewound:
            self._file.truncate()

    def writelines(self, chunks: Any) -> None:
        for chunk in chunks:
            self._file.write(chunk)
            self._written += len(chunk)
            self._bar.add(len(chunk))


def download(client: Client, path: str, file: BinaryIO, bar: TransferBar) -> None:
    """Write what the server has at `path` to an open file."""
    counted: Any = _CountedFile(file, bar)
    client.download(path, counted)
    file.flush()


def download_to_file(client: Client, path: str, target: Path, bar: TransferBar) -> None:
    """Write what the server has at `path` to the file `target`: all, or nothing."""
    # A rename works in one step only within the same file system.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:50]}-")
    try:
        with os.fdopen(handle, "wb") as file:
            download(client, path, file, bar)
        # `mkstemp` creates files that only their owner can read.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(target)
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()
