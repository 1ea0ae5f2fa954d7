"""Bytes of stored files as objects: copied in parallel, and hashed while copied."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from runs.management.backup.backup_folder import BackupFolder
from runs.management.backup.manifest import CHUNK_BYTES, BackedUpBlob
from studio.core.private_files import sync_folder

#: Flushing many small files is waiting: several wait at once.
COPY_THREADS = 8
#: Results are taken in groups, so that millions of files do not wait in memory.
RESULTS_PER_GROUP = 2_000

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class NamedBlob:
    """A stored file as its row describes it; the hash is empty while it is a log."""

    name: str
    size: int
    sha256: str


class BlobFault(Enum):
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class CopyResult:
    """`new` is the number of bytes that were written."""

    blob: BackedUpBlob | None
    name: str
    fault: BlobFault | None = None
    new: int = 0


class BytesChanged(Exception):
    """The bytes are not those that were expected."""


def map_in_threads(
    work: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Like `map`, in threads; an error of one ends all."""
    left = iter(items)
    with ThreadPoolExecutor(COPY_THREADS) as pool:
        while group := list(islice(left, RESULTS_PER_GROUP)):
            yield from pool.map(work, group)


def copy_bytes(source: Path, target: Path, size: int, sha256: str = "") -> str:
    """Copy the first `size` bytes, flushed; returns their hash.

    Raises BytesChanged if there are fewer bytes, or their hash is not `sha256`. After
    any error no target is left.
    """
    digest, left = hashlib.sha256(), size
    try:
        with source.open("rb") as old, _new_file(target) as new:
            # A log can grow during the copy: only the bytes that its row counts belong
            # to it.
            while left and (chunk := read_chunk(old, min(left, CHUNK_BYTES))):
                digest.update(chunk)
                new.write(chunk)
                left -= len(chunk)
            new.flush()
            os.fsync(new.fileno())
        if left or (sha256 and digest.hexdigest() != sha256):
            raise BytesChanged(source)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def read_chunk(source: BinaryIO, size: int) -> bytes:
    """Raises BytesChanged on read errors: one bad file must not end a backup."""
    try:
        return source.read(size)
    except OSError as error:
        raise BytesChanged(source.name) from error


def _new_file(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(handle, "wb")


def hash_file(path: Path, size: int) -> str:
    """The hash of the first `size` bytes; raises BytesChanged where there are fewer."""
    digest, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left and (chunk := read_chunk(file, min(left, CHUNK_BYTES))):
            digest.update(chunk)
            left -= len(chunk)
    if left:
        raise BytesChanged(path)
    return digest.hexdigest()


def has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class ObjectWriter:
    """Adds stored files to the objects of a backup folder.

    `known` are the hashes of logs in the newest backup, by name and size, which hold
    for files that were not touched since it began: after a restore a log can grow to
    the same size with other bytes. With `full` every byte is read again.
    """

    folder: BackupFolder
    locate: Callable[[str], Path | None]
    known: dict[tuple[str, int], str]
    known_since: float
    full: bool = False

    def add(self, blob: NamedBlob) -> CopyResult:
        source = None if blob.sha256 else self.locate(blob.name)
        try:
            sha256 = blob.sha256 or self._hash_in_last_backup(blob, source)
            if sha256 and not self.full and self._has_object(sha256, blob.size):
                return CopyResult(BackedUpBlob(blob.name, blob.size, sha256), blob.name)
            source = source or self.locate(blob.name)
            if source is None:
                return CopyResult(None, blob.name, BlobFault.MISSING)
            return self._copy_blob(blob, source)
        except FileNotFoundError:
            # Its upload ended in this moment, and moved it.
            return self.add(blob)
        except BytesChanged:
            return self._find_earlier_copy(blob) or CopyResult(
                None, blob.name, BlobFault.DAMAGED
            )

    def _hash_in_last_backup(self, log: NamedBlob, source: Path | None) -> str:
        # The time of any change: a restored file is new, whatever else it says.
        if source is not None and source.stat().st_ctime >= self.known_since:
            return ""
        return self.known.get((log.name, log.size), "")

    def _find_earlier_copy(self, log: NamedBlob) -> CopyResult | None:
        """An earlier backup's copy of a log that was cut off since."""
        sha256 = "" if log.sha256 else self.known.get((log.name, log.size), "")
        if not sha256 or self.full or not self._has_object(sha256, log.size):
            return None
        return CopyResult(BackedUpBlob(log.name, log.size, sha256), log.name)

    def _has_object(self, sha256: str, size: int) -> bool:
        return has_size(self.folder.object_path(sha256), size)

    def _copy_blob(self, blob: NamedBlob, source: Path) -> CopyResult:
        temporary = self.folder.incoming_folder / uuid.uuid4().hex
        sha256 = copy_bytes(source, temporary, blob.size, blob.sha256)
        target = self.folder.object_path(sha256)
        is_new = not self._has_object(sha256, blob.size)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if is_new or self.full:
            # Where it is there, this heals an object that was damaged.
            temporary.replace(target)
        else:
            temporary.unlink()
        new = blob.size if is_new else 0
        return CopyResult(
            BackedUpBlob(blob.name, blob.size, sha256), blob.name, new=new
        )

    def flush(self) -> None:
        """Flush the folders' entries; a backup without that is not complete."""
        for folder in self.folder.objects_folder.iterdir():
            sync_folder(folder)
        sync_folder(self.folder.objects_folder)
