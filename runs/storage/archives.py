"""The members of a kept zip archive, read one at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from runs.storage.files import PIECE, files
from studio.core.errors import NotFound


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
    """What the archive holds; its contents are not read."""
    with files.open(blob) as source, zipfile.ZipFile(source) as archive:
        return [
            Member(each.filename, each.file_size, f"{each.CRC:08x}{each.file_size}")
            for each in archive.infolist()
        ]


@contextmanager
def open_member(blob: str, path: str) -> Iterator[BinaryIO]:
    """Raises NotFound where the archive holds no such file."""
    with files.open(blob) as source, zipfile.ZipFile(source) as archive:
        try:
            opened = archive.open(path)
        except KeyError as error:
            raise NotFound(f"The archive has no file {path}", path=path) from error
        with opened:
            yield cast("BinaryIO", opened)


def member_pieces(blob: str, path: str) -> Iterator[bytes]:
    with open_member(blob, path) as content:
        while piece := content.read(PIECE):
            yield piece
