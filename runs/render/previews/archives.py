"""What zip and tar archives contain, without unpacking more than tar headers need."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO, cast

from runs.render.previews.content import ByteSource, InvalidContent

MAX_ENTRIES = 1000
#: Unpacked bytes of a compressed tar that are read for its list.
MAX_UNPACKED_BYTES = 64 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class ArchiveEntry:
    """A file; `packed` is its size in the archive, -1 if unknown; sizes in bytes."""

    path: str
    size: int
    packed: int


@dataclass(frozen=True)
class ArchiveList:
    """`total` and `total_size` are of all entries, or of the read ones if not whole."""

    entries: list[ArchiveEntry]
    total: int
    total_size: int
    is_whole: bool


def open_zip(source: ByteSource) -> zipfile.ZipFile:
    """Read the list of files at the end. Raises InvalidContent."""
    try:
        return zipfile.ZipFile(cast("BinaryIO", source))
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        NotImplementedError,
        OverflowError,
        OSError,
    ) as error:
        raise InvalidContent from error


def read_zip_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Unpack up to `most` bytes of a file, whatever its size claims to be."""
    try:
        with archive.open(name) as member:
            return member.read(most)
    except (
        KeyError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        NotImplementedError,
        OSError,
    ) as error:
        raise InvalidContent from error


def list_zip(source: ByteSource) -> ArchiveList:
    with open_zip(source) as archive:
        found = archive.infolist()
    entries = [
        ArchiveEntry(each.filename, each.file_size, each.compress_size)
        for each in found[:MAX_ENTRIES]
    ]
    return ArchiveList(entries, len(found), sum(e.file_size for e in found), True)


def list_tar(source: ByteSource, stop: type[Exception]) -> ArchiveList:
    """List the first files, until one of the error `stop` says that it is enough.

    Raises InvalidContent.
    """
    is_packed = source.read_at(0, 2) == _GZIP
    source.seek(0)
    stream = _Inflated(source) if is_packed else cast("BinaryIO", source)
    entries: list[ArchiveEntry] = []
    is_whole = False
    try:
        with tarfile.open(fileobj=stream, mode="r|" if is_packed else "r:") as archive:
            for each in archive:
                entries.append(ArchiveEntry(each.name, each.size, -1))
                if len(entries) >= MAX_ENTRIES:
                    break
            else:
                is_whole = True
    except (_Enough, stop):
        pass
    except (tarfile.TarError, zlib.error, ValueError, EOFError, OSError) as error:
        if not entries:
            raise InvalidContent from error
    if not entries:
        raise InvalidContent
    return ArchiveList(entries, len(entries), sum(e.size for e in entries), is_whole)


class _Enough(Exception):
    pass


class _Inflated(io.RawIOBase):
    """The unpacked bytes of a gzip file, up to a limit."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._left = MAX_UNPACKED_BYTES

    def readable(self) -> bool:
        return True

    def read(self, length: int | None = -1) -> bytes:
        wanted = 1 << 16 if length is None or length < 0 else length
        found = b""
        while len(found) < wanted and not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._source.read(1 << 16)
            if not packed:
                break
            found += self._unpacker.decompress(
                packed, min(wanted - len(found), 1 << 20)
            )
        self._left -= len(found)
        if self._left < 0:
            raise _Enough
        return found
