"""A zip archive that is sent while it is made: nothing waits on a disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

#: What the format can express.
_FIRST_YEAR, _LAST_YEAR = 1980, 2107


class _ZipBuffer(io.RawIOBase):
    """Takes what the archive writes until it is drained; it cannot seek."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held.append(bytes(data))
        return len(data)

    def drain(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


@dataclass(frozen=True)
class ZipEntry:
    """A file of the archive; `created` in milliseconds since the epoch."""

    path: str
    chunks: Iterable[bytes]
    created: int = 0

    def header(self) -> zipfile.ZipInfo:
        # The format has no time zone: readers take times as local ones. UTC is closest
        # to what they can expect.
        moment = datetime.fromtimestamp(self.created / 1000, UTC)
        year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR)
        info = zipfile.ZipInfo(self.path, (year, *moment.timetuple()[1:6]))
        info.external_attr = 0o644 << 16
        return info


def stream_zip(entries: Iterable[ZipEntry]) -> Iterator[bytes]:
    """The archive's bytes; entries are stored, since models and pictures are packed."""
    pipe = _ZipBuffer()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            # The size is unknown before the last chunk, and the header must allow more
            # than 2 GiB.
            with archive.open(entry.header(), "w", force_zip64=True) as file:
                for chunk in entry.chunks:
                    file.write(chunk)
                    yield pipe.drain()
            yield pipe.drain()
    yield pipe.drain()
