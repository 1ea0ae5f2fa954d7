"""A zip archive that is sent while it is made: nothing waits on a disk.

Entries are stored, since models and pictures are packed. So the length of the archive
is known before its content, and any part of it can be sent: a download continues where
it broke off. The checksums that the end has are of the contents, so a part at the end
costs that all files are read.

The records are those of PKWARE's APPNOTE.TXT, 4.3 and 4.5.3. Each number that can be
larger than its field is in the ZIP64 records only.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from studio.core.errors import MissingBytes

#: What the format can express.
_FIRST_YEAR, _LAST_YEAR = 1980, 2107
#: Larger numbers, and these themselves, are in ZIP64 records.
MAX_32, MAX_16 = 0xFFFFFFFF, 0xFFFF
#: How much is read between two pauses, where nothing is sent.
PAUSE_BYTES = 8 * 1024 * 1024
#: The version with ZIP64. Names are UTF-8, and checksums follow the contents.
_VERSION, _FLAGS = 45, 0x0808
_UNIX = 3 << 8
_MODE = 0o100644 << 16
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_LOCAL_SIZES = struct.Struct("<HHQQ")
_DESCRIPTOR = struct.Struct("<4sLQQ")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END_64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4sHHHHLLH")


@dataclass(frozen=True)
class ZipEntry:
    """A file of `size` bytes; `created` in milliseconds since the epoch.

    `open_chunks` raises MissingBytes. An empty chunk stands for a pause.
    """

    path: str
    size: int
    open_chunks: Callable[[], Iterable[bytes]]
    created: int = 0

    @cached_property
    def name(self) -> bytes:
        return self.path.encode()

    @property
    def length(self) -> int:
        """How much of the archive is before the next entry."""
        head = _LOCAL.size + len(self.name) + _LOCAL_SIZES.size
        return head + self.size + _DESCRIPTOR.size

    def time_and_date(self) -> tuple[int, int]:
        # The format has no time zone: readers take times as local ones. UTC is closest
        # to what they can expect.
        at = datetime.fromtimestamp(self.created / 1000, UTC)
        year = min(max(at.year, _FIRST_YEAR), _LAST_YEAR)
        time = at.hour << 11 | at.minute << 5 | at.second // 2
        return time, (year - _FIRST_YEAR) << 9 | at.month << 5 | at.day

    def local_header(self) -> bytes:
        head = _LOCAL.pack(
            b"PK\3\4",
            _VERSION,
            _FLAGS,
            0,
            *self.time_and_date(),
            0,
            0xFFFFFFFF,
            0xFFFFFFFF,
            len(self.name),
            _LOCAL_SIZES.size,
        )
        return head + self.name + _LOCAL_SIZES.pack(1, 16, 0, 0)

    def descriptor(self, checksum: int) -> bytes:
        return _DESCRIPTOR.pack(b"PK\7\x08", checksum, self.size, self.size)

    def central_header(self, offset: int, checksum: int) -> bytes:
        large = _large_numbers(self.size, offset)
        extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large)
        extra = extra if large else b""
        size = 0xFFFFFFFF if self.size >= MAX_32 else self.size
        head = _CENTRAL.pack(
            b"PK\1\2",
            _UNIX | _VERSION,
            _VERSION,
            _FLAGS,
            0,
            *self.time_and_date(),
            checksum,
            size,
            size,
            len(self.name),
            len(extra),
            0,
            0,
            0,
            _MODE,
            0xFFFFFFFF if offset >= MAX_32 else offset,
        )
        return head + self.name + extra


def _large_numbers(size: int, offset: int) -> list[int]:
    sizes = [size, size] if size >= MAX_32 else []
    return sizes + ([offset] if offset >= MAX_32 else [])


def zip_size(entries: Sequence[ZipEntry]) -> int:
    """Return the length of the archive in bytes."""
    offset = central = 0
    for entry in entries:
        large = _large_numbers(entry.size, offset)
        extra = 4 + 8 * len(large) if large else 0
        central += _CENTRAL.size + len(entry.name) + extra
        offset += entry.length
    return offset + central + len(_end_records(len(entries), central, offset))


def stream_zip(
    entries: Sequence[ZipEntry], span: range | None = None
) -> Iterator[bytes]:
    """Yield the archive's bytes, or a part of them.

    An empty piece stands for a pause: what is before the part is read as well. Raises
    MissingBytes if a file is missing or shorter.
    """
    if span is None:
        yield from _pieces(entries)
        return
    position = 0
    for piece in _pieces(entries):
        end = position + len(piece)
        if end > span.start or position // PAUSE_BYTES < end // PAUSE_BYTES:
            yield piece[max(0, span.start - position) : span.stop - position]
        position = end
        if position >= span.stop:
            return


def _pieces(entries: Sequence[ZipEntry]) -> Iterator[bytes]:
    headers: list[bytes] = []
    offset = 0
    for entry in entries:
        yield entry.local_header()
        checksum = size = 0
        for chunk in entry.open_chunks():
            checksum = zlib.crc32(chunk, checksum)
            size += len(chunk)
            yield chunk
        if size != entry.size:
            raise MissingBytes(f"{entry.path} has {size} bytes, not {entry.size}.")
        yield entry.descriptor(checksum)
        headers.append(entry.central_header(offset, checksum))
        offset += entry.length
    yield from headers
    yield _end_records(len(entries), sum(map(len, headers)), offset)


def _end_records(count: int, size: int, offset: int) -> bytes:
    """The end of the archive, after a central directory of `size` bytes at `offset`."""
    end_64 = b""
    if count >= MAX_16 or size >= MAX_32 or offset >= MAX_32:
        versions = _UNIX | _VERSION, _VERSION
        end_64 = _END_64.pack(
            b"PK\6\6", _END_64.size - 12, *versions, 0, 0, count, count, size, offset
        ) + _LOCATOR.pack(b"PK\6\7", 0, offset + size, 1)
    short = min(count, 0xFFFF)
    return end_64 + _END.pack(
        b"PK\5\6", 0, 0, short, short, min(size, 0xFFFFFFFF), min(offset, 0xFFFFFFFF), 0
    )
