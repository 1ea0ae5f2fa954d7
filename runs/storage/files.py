"""The bytes of files: one blob a file, below a folder, behind a Protocol.

A blob exists under its name only when all of it is on the disk: it is written to a
temporary file, synced, renamed, and its folder is synced, before `write` returns.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

from studio.core.errors import TooLarge

PIECE = 256 * 1024
_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Blob:
    name: str
    size: int
    sha256: str


#: Makes a blob end with these bytes, from that offset on.
Grow = Callable[[int, bytes], None]


class FileStore(Protocol):
    def write(self, chunks: Iterable[bytes], limit: int) -> Blob: ...

    def open(self, name: str) -> BinaryIO: ...

    def pieces(self, name: str, size: int) -> Iterator[bytes]: ...

    def appending(self, name: str) -> AbstractContextManager[Grow]: ...

    def delete(self, name: str) -> None: ...

    def names(self, written_before: int) -> Iterator[str]: ...


class FolderStore:
    """Blobs in `<root>/<two letters>/<name>`; `root` is `settings.FILES_DIR`."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        return self._root or Path(settings.FILES_DIR)

    def write(self, chunks: Iterable[bytes], limit: int) -> Blob:
        """Keep the bytes; raises TooLarge, OSError; nothing stays of what failed."""
        name = uuid.uuid4().hex
        target = self._path(name)
        self._make_folders(target.parent)
        temporary = self.root / "incoming" / name
        try:
            blob = _write_synced(temporary, name, chunks, limit)
            temporary.rename(target)
        except BaseException:
            # Also when the worker is told to stop: the rest of a file is of no use.
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return blob

    def open(self, name: str) -> BinaryIO:
        return self._path(name).open("rb")

    def pieces(self, name: str, size: int) -> Iterator[bytes]:
        """The first `size` bytes; a log may have more behind them."""
        with self.open(name) as source:
            while size and (piece := source.read(min(size, PIECE))):
                size -= len(piece)
                yield piece

    @contextmanager
    def appending(self, name: str) -> Iterator[Grow]:
        """Hold the blob against all other appends; `grow(offset, data)` is synced."""
        handle = os.open(self._path(name), os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)

            def grow(offset: int, data: bytes) -> None:
                os.ftruncate(handle, offset)
                view, at = memoryview(data), offset
                while view:
                    written = os.pwrite(handle, view, at)
                    view, at = view[written:], at + written
                os.fsync(handle)

            yield grow
        finally:
            os.close(handle)

    def delete(self, name: str) -> None:
        """Remove the blob; that it is gone already is fine."""
        self._path(name).unlink(missing_ok=True)

    def names(self, written_before: int) -> Iterator[str]:
        """The blobs that were whole before that time, in milliseconds."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if not _NAME.fullmatch(path.name):
                continue
            try:
                written = path.stat().st_mtime * 1000
            except FileNotFoundError:
                continue
            if written < written_before:
                yield path.name

    def _path(self, name: str) -> Path:
        return self.root / name[:2] / name

    def _make_folders(self, folder: Path) -> None:
        for wanted in (self.root / "incoming", folder):
            if not wanted.is_dir():
                wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
                _sync_folder(wanted.parent)


def _write_synced(path: Path, name: str, chunks: Iterable[bytes], limit: int) -> Blob:
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"A file may have {limit} bytes at most", limit=limit)
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Blob(name, size, digest.hexdigest())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


files: FileStore = FolderStore()
