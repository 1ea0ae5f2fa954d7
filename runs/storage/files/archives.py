"""The list_members of a kept zip archive, read one at a time."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, cast

from django.utils.translation import gettext as _

from runs.storage.files.folder_store import MISSING_MESSAGE, READ_CHUNK_BYTES, files
from studio.core.errors import MissingBytes, NotFound


@dataclass(frozen=True)
class ArchiveMember:
    """A file in an archive: its unpacked size in bytes, and a version of its bytes."""

    path: str
    size: int
    version: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def list_members(blob: str) -> list[ArchiveMember]:
    """List the archive's files without reading them. Raises MissingBytes."""
    with open_archive(blob) as archive:
        # The list of files has checksums, so a version needs no reading.
        return [
            ArchiveMember(
                each.filename, each.file_size, f"{each.CRC:08x}{each.file_size}"
            )
            for each in archive.infolist()
        ]


@contextmanager
def open_member(blob: str, path: str) -> Iterator[BinaryIO]:
    """Open a file of the archive. Raises NotFound if it has none, MissingBytes."""
    with open_archive(blob) as archive:
        try:
            member = archive.open(path)
        except KeyError as error:
            raise NotFound(
                _("The archive has no file %(path)s.") % {"path": path}, path=path
            ) from error
        with member:
            yield cast("BinaryIO", member)


@contextmanager
def open_archive(blob: str) -> Iterator[zipfile.ZipFile]:
    """Open the archive. A truncated one lost the list of files at its end."""
    with files.open(blob) as source:
        try:
            with zipfile.ZipFile(source) as archive:
                yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise MissingBytes(MISSING_MESSAGE) from error


def read_member(blob: str, path: str) -> Iterator[bytes]:
    """Read a file in chunks; raises MissingBytes before the first chunk."""
    chunks = _read_chunks(blob, path)
    first = next(chunks, b"")
    return chain([first], chunks)


def _read_chunks(blob: str, path: str) -> Iterator[bytes]:
    with open_member(blob, path) as content:
        while chunk := content.read(READ_CHUNK_BYTES):
            yield chunk
