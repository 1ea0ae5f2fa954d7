"""The folder of backups: its names, its lock, and what an interrupted backup left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management.base import CommandError

MANIFEST_NAME = "manifest.json"
PARTIAL_SUFFIX = ".partial"
#: Names sort by time; a second backup within a second is named after the next.
STAMP_FORMAT = "%Y%m%d-%H%M%SZ"
_STAMP = re.compile(r"\d{8}-\d{6}Z")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class BackupFolder:
    path: Path

    @property
    def objects_folder(self) -> Path:
        return self.path / "objects"

    @property
    def incoming_folder(self) -> Path:
        """Objects that are being written."""
        return self.objects_folder / "incoming"

    def object_path(self, sha256: str) -> Path:
        return self.objects_folder / sha256[:2] / sha256

    def complete_backups(self) -> list[str]:
        """The complete backups, oldest first."""
        if not self.path.is_dir():
            return []
        return sorted(
            entry.name
            for entry in self.path.iterdir()
            if _STAMP.fullmatch(entry.name) and (entry / MANIFEST_NAME).is_file()
        )

    def object_names(self) -> Iterator[str]:
        for path in self.objects_folder.glob("[0-9a-f][0-9a-f]/*"):
            if _SHA256.fullmatch(path.name):
                yield path.name

    @contextmanager
    def hold_lock(self) -> Iterator[None]:
        """Create the folder if it is new, and hold it against other backups."""
        self._create()
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise CommandError(
                f"Another backup to {self.path} is running. Wait until it ends."
            ) from error
        try:
            self._remove_partial()
            yield
        finally:
            # On a full disk what failed gives its space back at once.
            with contextlib.suppress(OSError):
                self._remove_partial()
            os.close(handle)

    def _create(self) -> None:
        # A home has such a file too: its server would not start during a backup.
        is_foreign = (
            self.path.is_dir()
            and any(entry.name != "lock" for entry in self.path.iterdir())
            and not self.objects_folder.is_dir()
        )
        if is_foreign:
            raise CommandError(
                f"{self.path} contains other files but no backups. Choose an empty "
                "folder."
            )
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.incoming_folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _remove_partial(self) -> None:
        """What an interrupted backup or removal left; only the lock's holder may."""
        for entry in self.path.glob(f"*{PARTIAL_SUFFIX}"):
            if _STAMP.fullmatch(entry.name.removesuffix(PARTIAL_SUFFIX)):
                shutil.rmtree(entry)
        for entry in self.incoming_folder.iterdir():
            entry.unlink()

    def new_backup_name(self) -> str:
        """The time; after the newest backup also where the clock was set back."""
        now = datetime.now(UTC)
        stamps = self.complete_backups()
        if stamps:
            now = max(now, time_of_backup(stamps[-1]) + timedelta(seconds=1))
        return now.strftime(STAMP_FORMAT)


def time_of_backup(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP_FORMAT).replace(tzinfo=UTC)


def refuse_folder_inside_files(path: Path, files: Path) -> None:
    """A backup among the files it copies would be taken for lost uploads."""
    if path.resolve().is_relative_to(files.resolve()):
        raise CommandError(
            f"{path} is inside the folder of stored files. Choose a folder elsewhere, "
            "preferably on another disk."
        )


def flush_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file for its owner only and flush it; the folder is the caller's."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
