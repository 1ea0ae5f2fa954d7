"""A snapshot of source files as one archive, without secrets and ignored files."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from studio.core import snapshots as rules
from studio.core.errors import TooLarge
from studio.core.ignore_rules import IgnoreRules
from studio.sdk.client import Client

#: The same sources make the same archive, whenever they are packed.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class SourceFile:
    """A file of the snapshot: its path there, the local file, its size in bytes."""

    path: str
    local: Path
    size: int


def list_sources(folder: Path) -> list[SourceFile]:
    """The files of a snapshot of `folder` (or of one file), in order of their paths.

    Raises TooLarge if they exceed the limits of a snapshot.
    """
    if folder.is_file():
        return [SourceFile(folder.name, folder, folder.stat().st_size)]
    found: list[SourceFile] = []
    size = 0
    for source in _walk_sources(folder):
        found.append(source)
        size += source.size
        if len(found) > rules.MAX_FILES or size > rules.MAX_BYTES:
            raise TooLarge(
                f"{folder} has more than {rules.MAX_FILES:,} files or "
                f"{rules.MAX_BYTES // 2**20} MB: name what is no source in .amlignore, "
                "or keep none (snapshot_directory=None, --no-snapshot)."
            )
    return sorted(found, key=lambda one: one.path)


def write_archive(sources: list[SourceFile], target: BinaryIO) -> None:
    """Write the archive. A file that was deleted since is left out."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sources:
            try:
                content = source.local.read_bytes()
            except OSError:
                continue
            add_to_archive(archive, source.path, content)


def add_to_archive(
    archive: zipfile.ZipFile, path: str, content: bytes, mode: int = 0o644
) -> None:
    """Add a file. With one mode for all, the archive depends on the contents alone."""
    member = zipfile.ZipInfo(path, _TIME)
    member.external_attr = (stat.S_IFREG | stat.S_IMODE(mode)) << 16
    member.compress_type = archive.compression
    archive.writestr(member, content)


def upload_snapshot(
    client: Client, run_id: str, folder: str | Path, timeout: float | None = None
) -> dict[str, Any]:
    """Pack and upload the snapshot of a run; returns its id, size and file count.

    Raises TooLarge, Conflict if the run has another one, OSError.
    """
    sources = list_sources(Path(folder))
    with tempfile.TemporaryFile() as archive:
        write_archive(sources, archive)
        size = archive.tell()
        archive.seek(0)
        path = f"runs/{run_id}/snapshot"
        return dict(client.upload(path, archive, size, timeout=timeout))


def _walk_sources(folder: Path) -> Iterator[SourceFile]:
    ignore = IgnoreRules.for_folder(folder)
    for here, folders, files in os.walk(folder):
        base = Path(here).relative_to(folder).as_posix()
        prefix = "" if base == "." else f"{base}/"
        if prefix and rules.ENVIRONMENT_MARKS.intersection([*files, *folders]):
            folders.clear()
            continue
        folders[:] = sorted(
            name
            for name in folders
            if not rules.is_excluded_folder(name)
            and not Path(here, name).is_symlink()
            and not ignore.excludes(prefix + name, is_folder=True)
        )
        for name in files:
            local, path = Path(here, name), prefix + name
            if rules.is_secret(name) or ignore.excludes(path, is_folder=False):
                continue
            try:
                found = local.lstat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield SourceFile(path, local, found.st_size)
