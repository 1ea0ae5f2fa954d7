"""The members of a kept zip archive, read one at a time."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, cast

from runs.storage.files import MISSING, PIECE, files
from studio.core.errors import MissingBytes, NotFound


@dataclass(frozen=True)
class Member:
    """`size` is that of the unpacked file, in bytes; `version` differs with them."""

    path: str
    size: int
    version: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def members(blob: str) -> list[Member]:
    """What the archive holds; its contents are not read. Raises MissingBytes."""
    with opened(blob) as archive:
        return [
            Member(each.filename, each.file_size, f"{each.CRC:08x}{each.file_size}")
            for each in archive.infolist()
        ]


@contextmanager
def open_member(blob: str, path: str) -> Iterator[BinaryIO]:
    """Raises NotFound where the archive holds no such file, MissingBytes."""
    with opened(blob) as archive:
        try:
            member = archive.open(path)
        except KeyError as error:
            raise NotFound(f"The archive has no file {path}", path=path) from error
        with member:
            yield cast("BinaryIO", member)


@contextmanager
def opened(blob: str) -> Iterator[zipfile.ZipFile]:
    """The archive; one that was cut off has lost its list of files at the end."""
    with files.open(blob) as source:
        try:
            with zipfile.ZipFile(source) as archive:
                yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise MissingBytes(MISSING) from error


def member_pieces(blob: str, path: str) -> Iterator[bytes]:
    """The file's bytes; raises MissingBytes at once, before the first piece."""
    pieces = _pieces(blob, path)
    first = next(pieces, b"")
    return chain([first], pieces)


def _pieces(blob: str, path: str) -> Iterator[bytes]:
    with open_member(blob, path) as content:
        while piece := content.read(PIECE):
            yield piece
