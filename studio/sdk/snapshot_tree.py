"""A snapshot's content as one hash, by which the server knows one that it has."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from studio.core.errors import InvalidValue, StudioError
from studio.core.snapshots import check_archive_path, tree_hash
from studio.sdk.snapshot_archive import SourceFile


def hash_sources(
    sources: list[SourceFile], copy_to: Path | None = None
) -> tuple[str, list[SourceFile]]:
    """The tree's hash, and the files that it was made of.

    With `copy_to` the files are copied there, and the copies are returned: they do not
    change any more. A file that was deleted since is left out. Raises OSError if a copy
    cannot be written.
    """
    hashes, files, folders = [], [], set()
    for source in sources:
        try:
            content = source.local.read_bytes()
        except OSError:
            continue
        hashes.append((source.path, hashlib.sha256(content).hexdigest()))
        local = source.local
        if copy_to is not None:
            local = copy_to / source.path
            if local.parent not in folders:
                local.parent.mkdir(parents=True, exist_ok=True)
                folders.add(local.parent)
            local.write_bytes(content)
            shutil.copymode(source.local, local)
        files.append(SourceFile(source.path, local, len(content)))
    return tree_hash(hashes), files


def unpack_archive(archive: Path, folder: Path) -> list[SourceFile]:
    """Unpack a snapshot's archive as a working copy; returns its files.

    Archives have no modes: scripts that begin with `#!` become executable. Raises
    InvalidValue for a damaged archive, OSError.
    """
    try:
        with zipfile.ZipFile(archive) as source:
            return [
                _unpack_member(source, member, folder)
                for member in source.infolist()
                if not member.is_dir()
            ]
    except (zipfile.BadZipFile, StudioError) as error:
        raise InvalidValue(f"The snapshot cannot be unpacked: {error}") from error


def _unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path
) -> SourceFile:
    path = folder / check_archive_path(member.filename)
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, path.open("wb") as target:
        start = source.read(2)
        target.write(start)
        shutil.copyfileobj(source, target)
    if start == b"#!":
        path.chmod(0o755)
    return SourceFile(member.filename, path, member.file_size)
