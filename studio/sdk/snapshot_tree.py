"""A snapshot's content as one hash, by which the server knows one that it has."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import InvalidValue, StudioError
from studio.core.snapshots import check_archive_path, tree_hash
from studio.sdk.snapshot_archive import SourceFile, add_to_archive


def hash_sources(sources: list[SourceFile], copy: Path | None = None) -> str:
    """The tree's hash. A file that was deleted since is left out.

    With `copy`, an archive with exactly these contents and their modes is written: one
    file takes a small part of the time that 2,000 files take. Raises OSError.
    """
    hashes = []
    with contextlib.ExitStack() as stack:
        # Not compressed: it is unpacked on this machine.
        archive = copy and stack.enter_context(zipfile.ZipFile(copy, "w"))
        for source in sources:
            try:
                content = source.local.read_bytes()
                mode = source.local.stat().st_mode
            except OSError:
                continue
            hashes.append((source.path, hashlib.sha256(content).hexdigest()))
            if archive:
                add_to_archive(archive, source.path, content, mode)
    return tree_hash(hashes)


def hash_archive(archive: Path) -> str:
    """The hash of the tree in an archive. Raises InvalidValue if it is damaged."""
    try:
        with zipfile.ZipFile(archive) as source:
            return tree_hash(
                (member.filename, hashlib.sha256(source.read(member)).hexdigest())
                for member in source.infolist()
                if not member.is_dir()
            )
    except zipfile.BadZipFile as error:
        raise InvalidValue(f"The snapshot cannot be read: {error}") from error


@contextlib.contextmanager
def compressed(copy: Path) -> Iterator[BinaryIO]:
    """The archive that is uploaded, from the copy that `hash_sources` wrote."""
    with (
        tempfile.TemporaryFile() as target,
        zipfile.ZipFile(copy) as source,
    ):
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in source.infolist():
                add_to_archive(archive, member.filename, source.read(member))
        yield target


def unpack_archive(archive: Path, folder: Path) -> None:
    """Unpack a snapshot's archive as a working copy.

    Archives of the server have no modes: scripts that begin with `#!` become
    executable. Raises InvalidValue for a damaged archive, OSError.
    """
    try:
        with zipfile.ZipFile(archive) as source:
            for member in source.infolist():
                if not member.is_dir():
                    _unpack_member(source, member, folder)
    except (zipfile.BadZipFile, StudioError) as error:
        raise InvalidValue(f"The snapshot cannot be unpacked: {error}") from error


def _unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path
) -> None:
    path = folder / check_archive_path(member.filename)
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, path.open("wb") as target:
        start = source.read(2)
        target.write(start)
        shutil.copyfileobj(source, target)
    mode = member.external_attr >> 16
    if start == b"#!" or mode & stat.S_IXUSR:
        path.chmod(0o755)
