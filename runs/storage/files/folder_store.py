"""The bytes of stored files: one blob per file, below a folder.

A new blob is written and synced in `incoming/`. After its row is committed, `keep`
moves it to its final folder, and only then the server acknowledges the write. So a blob
in `incoming/` that no row names was never acknowledged, whatever copy of the database
is in use. Readers look in both folders.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from studio.core.errors import MissingBytes, TooLarge
from studio.core.private_files import sync_folder

READ_CHUNK_BYTES = 256 * 1024
#: Read at once for a response: a client that stops reading holds this much memory.
RESPONSE_CHUNK_BYTES = 64 * 1024
INCOMING = "incoming"
QUARANTINE = "quarantine"
#: What is computed from blobs, and is computed again when it is missing.
DERIVED = "derived"
DERIVED_KINDS = ("lines", "outline")
MISSING_MESSAGE = "The content of this file is missing on the server"
_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Blob:
    name: str
    size: int
    sha256: str


#: Writes bytes at an offset and truncates the blob after them.
WriteAt = Callable[[int, bytes], None]


class FolderStore:
    """Blobs in `<root>/<two letters>/<name>`; `root` is `settings.FILES_DIR`."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        return self._root or Path(settings.FILES_DIR)

    def write(self, chunks: Iterable[bytes], limit: int) -> Blob:
        """Write the bytes to `incoming/`; removes them on failure.

        Raises TooLarge, OSError. The caller commits a row and calls `keep`, or calls
        `discard`.
        """
        name = uuid.uuid4().hex
        # Both folders: a full disk then fails before the row is committed.
        self._make_folders(self.path(name).parent)
        temporary = self.incoming_path(name)
        try:
            blob = _write_synced(temporary, name, chunks, limit)
        except BaseException:
            # Also when the process is stopped: a partial file is useless.
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(temporary.parent)
        return blob

    def keep(self, name: str) -> None:
        """Move a blob whose row is committed to its final folder; safe to repeat.

        Raises MissingBytes if no folder has it, OSError.
        """
        target = self.path(name)
        if target.exists():
            # A power cut can leave the old name of a moved file as well.
            self.incoming_path(name).unlink(missing_ok=True)
        else:
            self._make_folders(target.parent)
            self._move_to_final(name, target)
        sync_folder(target.parent)

    def _move_to_final(self, name: str, target: Path) -> None:
        for source in (self.incoming_path(name), self.root / QUARANTINE / name):
            with contextlib.suppress(FileNotFoundError):
                source.rename(target)
                return
        # Another process can have moved it in between.
        if not target.exists():
            raise MissingBytes(MISSING_MESSAGE)

    def discard(self, name: str) -> None:
        """Remove a blob that `keep` was not called for and no row names."""
        self.incoming_path(name).unlink(missing_ok=True)

    def open(self, name: str, size: int = 0) -> BinaryIO:
        """Open a blob of at least `size` bytes; raises MissingBytes, OSError."""
        handle = self._open(name, os.O_RDONLY)
        if os.fstat(handle).st_size < size:
            os.close(handle)
            raise MissingBytes(MISSING_MESSAGE)
        return os.fdopen(handle, "rb")

    def is_whole(self, name: str, size: int) -> bool:
        try:
            self.open(name, size).close()
        except (MissingBytes, OSError):
            return False
        return True

    def read_chunks(self, name: str, size: int) -> Iterator[bytes]:
        """Read the first `size` bytes in chunks; a log's blob can have more.

        Raises MissingBytes before the first chunk.
        """
        return FileChunks(self.open(name, size), size)

    def read_span(self, name: str, size: int, span: range) -> Iterator[bytes]:
        """Read a part of the first `size` bytes. Raises like `read_chunks`."""
        source = self.open(name, size)
        source.seek(span.start)
        return FileChunks(source, len(span))

    @contextmanager
    def open_to_append(self, name: str) -> Iterator[WriteAt]:
        """Lock the blob for appending; yields `write_at(offset, data)`, which syncs."""
        handle = self._open_alone(name)
        try:

            def write_at(offset: int, data: bytes) -> None:
                # Zeros instead of lost bytes would look like a complete file.
                if os.fstat(handle).st_size < offset:
                    raise MissingBytes(MISSING_MESSAGE)
                # An append that was cut off can have left bytes after the end.
                os.ftruncate(handle, offset)
                write_all_at(handle, offset, data)
                os.fsync(handle)

            yield write_at
        finally:
            os.close(handle)

    def _open_alone(self, name: str) -> int:
        """Open and lock a blob whose bytes no other blob shares (`shared_bytes`)."""
        while True:
            handle = self._open(name, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                opened = os.fstat(handle)
                if opened.st_nlink > 1:
                    self._copy_shared(name)
                # It can have got other bytes, or a copy, before it was locked.
                elif self._is_at(name, opened):
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def _is_at(self, name: str, opened: os.stat_result) -> bool:
        paths = [path for path in self._candidate_paths(name) if path.exists()]
        # Without a path it was deleted, and what is written is lost with it.
        return not paths or any(os.path.samestat(opened, p.stat()) for p in paths)

    def _copy_shared(self, name: str) -> None:
        """Give the blob a copy of its bytes; the caller has locked it."""
        copy = self.incoming_path(uuid.uuid4().hex)
        self._make_folders(self.path(name).parent)
        try:
            with self.open(name) as source, copy.open("xb") as target:
                shutil.copyfileobj(source, target, READ_CHUNK_BYTES)
                target.flush()
                os.fsync(target.fileno())
            copy.replace(self.path(name))
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        sync_folder(self.path(name).parent)

    @contextmanager
    def open_to_fill(self, name: str, *, alone: bool = False) -> Iterator[int]:
        """Open a blob that is written in pieces, as a file descriptor.

        Several can write at once, and one can have it alone. Raises MissingBytes, and
        BlockingIOError instead of waiting for another.
        """
        handle = self._open(name, os.O_RDWR)
        try:
            kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            yield handle
        finally:
            os.close(handle)

    def delete(self, name: str) -> None:
        """Remove the blob if it exists, and what was derived from it."""
        for path in self._candidate_paths(name):
            path.unlink(missing_ok=True)
        self.delete_derived(name)

    def delete_derived(self, name: str) -> None:
        """Remove what was computed from a blob."""
        for kind in DERIVED_KINDS:
            self.derived_path(name, kind).unlink(missing_ok=True)
        shutil.rmtree(self.derived_folder(name), ignore_errors=True)

    def exists(self, name: str) -> bool:
        return any(path.exists() for path in self._candidate_paths(name))

    def names(self) -> Iterator[str]:
        """List the blobs in their final folders, with or without a row."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if is_blob_name(path.name):
                yield path.name

    def path(self, name: str) -> Path:
        return self.root / name[:2] / name

    def derived_path(self, name: str, kind: str) -> Path:
        """Return where a file of `DERIVED_KINDS` for this blob is stored."""
        return self.root / DERIVED / name[:2] / f"{name}.{kind}"

    def derived_folder(self, name: str) -> Path:
        """Return the folder for everything else that is computed from this blob."""
        return self.root / DERIVED / name[:2] / name

    def incoming_path(self, name: str) -> Path:
        return self.root / INCOMING / name

    def _candidate_paths(self, name: str) -> Iterable[Path]:
        # The last one finds a blob that was moved between the first two looks.
        return self.path(name), self.incoming_path(name), self.path(name)

    def _open(self, name: str, flags: int) -> int:
        for path in self._candidate_paths(name):
            with contextlib.suppress(FileNotFoundError):
                return os.open(path, flags | os.O_CLOEXEC)
        raise MissingBytes(MISSING_MESSAGE)

    def _make_folders(self, folder: Path) -> None:
        for wanted in (self.root / INCOMING, folder):
            if not wanted.is_dir():
                wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
                sync_folder(wanted.parent)


class FileChunks:
    """The next `length` bytes of an open file, in chunks; Django calls `close`."""

    def __init__(self, source: BinaryIO, length: int) -> None:
        self._source = source
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = (
            self._source.read(min(RESPONSE_CHUNK_BYTES, self._left))
            if self._left
            else b""
        )
        if not chunk:
            self.close()
            raise StopIteration
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._source.close()


def write_all_at(handle: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written


def is_blob_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def file_too_large(limit: int) -> TooLarge:
    return TooLarge(
        _("The file is too large. The maximum is %(limit)s bytes.") % {"limit": limit},
        limit=limit,
    )


def _write_synced(path: Path, name: str, chunks: Iterable[bytes], limit: int) -> Blob:
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise file_too_large(limit)
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Blob(name, size, digest.hexdigest())


files = FolderStore()
