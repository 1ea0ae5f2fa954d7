"""A zip archive that is sent while it is made: nothing waits on a disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator


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


def stream_zip(entries: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """The archive's bytes; entries are stored, since models and pictures are packed."""
    pipe = _ZipBuffer()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for path, chunks in entries:
            # The size is unknown before the last chunk, and the header must allow more
            # than 2 GiB.
            with archive.open(zipfile.ZipInfo(path), "w", force_zip64=True) as file:
                for chunk in chunks:
                    file.write(chunk)
                    yield pipe.drain()
            yield pipe.drain()
    yield pipe.drain()
