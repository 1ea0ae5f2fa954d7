"""Create a backup: the database first, then the stored files that the copy names.

Deletions are held, so each file that the copy names is there. The manifest is
written when everything else is flushed and checked; a backup without it does not exist.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from runs.management import identity, identity_check, schema
from runs.management.backup import (
    backup_folder,
    manifest,
    named_blobs,
    postgres,
    prune,
    sqlite,
)
from runs.management.backup.backup_folder import PARTIAL_SUFFIX, BackupFolder
from runs.management.backup.manifest import FILE_NAMES, SQLITE, Manifest, StoredFile
from runs.management.backup.object_writer import (
    BlobFault,
    CopyResult,
    NamedBlob,
    ObjectWriter,
    has_size,
    hash_file,
    map_in_threads,
)
from runs.management.backup.postgres_programs import ProgramFailed
from runs.storage.files import hold_deletions
from studio import __version__
from studio.core.private_files import sync_folder

#: Small files of the home without which people and scripts would have to sign in again.
HOME_FILES = ("secret_key", "identity", "client.json")

#: Shows a phase with how much of it is done and the total.
ReportProgress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class BackupOptions:
    full: bool = False
    logical: bool = False
    keep: int | None = None


@dataclass(frozen=True)
class CreatedBackup:
    manifest: Manifest
    new_files: int
    new_bytes: int
    pruned: int

    @property
    def is_whole(self) -> bool:
        return not self.manifest.missing and not self.manifest.damaged


@dataclass(frozen=True)
class CopiedDatabase:
    kind: str
    file: StoredFile
    identity: str
    migrations: tuple[str, ...]
    blobs: tuple[NamedBlob, ...]


def create_backup(
    path: Path, options: BackupOptions, report: ReportProgress
) -> CreatedBackup:
    """Raises CommandError with a sentence; earlier backups stay as they were."""
    backup_folder.refuse_folder_inside_files(path, settings.FILES_DIR)
    folder = BackupFolder(path.absolute())
    with as_command_error(folder.path):
        # Before the folder is created.
        identity_check.refuse_foreign_database(settings.STUDIO_HOME)
        refuse_empty_database("back up")
    with as_command_error(folder.path), folder.hold_lock():
        previous = _newest_readable_manifest(folder)
        with hold_deletions():
            stamp = folder.new_backup_name()
            work = folder.path / f"{stamp}{PARTIAL_SUFFIX}"
            work.mkdir(mode=0o700)
            copied = copy_database(work, options, report)
            _refuse_other_home(folder, previous, copied.identity)
            stored = _copy_blobs(folder, copied, previous, options, report)
        created = _build_manifest(work, stamp, copied, stored)
        check_new_backup(folder, work, created, full=options.full)
        manifest.write_manifest(created, work)
        # The rename makes the backup count, so everything in it must be on the disk.
        sync_folder(work)
        work.rename(folder.path / stamp)
        sync_folder(folder.path)
        pruned = prune.prune_backups(folder, options.keep) if options.keep else 0
    new = [one for one in stored if one.new]
    return CreatedBackup(created, len(new), sum(one.new for one in new), pruned)


@contextmanager
def as_command_error(path: Path) -> Iterator[None]:
    """What can go wrong outside of this program, as a sentence for the operator."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise CommandError(
            f"The backup to {path} failed: {error}. No backup was added, and earlier "
            "backups are unchanged. Free some space or check the disk, then run the "
            "command again."
        ) from error
    except (DatabaseError, ProgramFailed, BadZipFile, ValueError) as error:
        raise CommandError(
            f"The backup to {path} failed: {str(error).strip()}. No backup was added, "
            "and earlier backups are unchanged."
        ) from error


def _newest_readable_manifest(folder: BackupFolder) -> Manifest | None:
    """The newest backup that can be read; a damaged one must not prevent new ones."""
    for stamp in reversed(folder.complete_backups()):
        with suppress(CommandError):
            return manifest.read_manifest(folder, stamp)
    return None


def refuse_empty_database(verb: str) -> None:
    """Connecting would create an empty SQLite database."""
    name = Path(str(connection.settings_dict["NAME"]))
    is_there = connection.vendor != "sqlite" or name.is_file()
    if not is_there or schema.has_no_tables(connection):
        raise CommandError(
            f"The database is empty, so there is nothing to {verb}. Check STUDIO_HOME "
            "and DATABASE_URL."
        )


def _refuse_other_home(
    folder: BackupFolder, previous: Manifest | None, own: str
) -> None:
    if previous is not None and previous.identity and previous.identity != own:
        raise CommandError(
            f"{folder.path} contains backups of another home folder (identity "
            f"{previous.identity}; this home has {own or 'none'}). Choose another "
            "folder."
        )


def copy_database(
    folder: Path, options: BackupOptions, report: ReportProgress
) -> CopiedDatabase:
    """Copy the database into the folder, and list the files that the copy names."""

    def progress(done: int, total: int) -> None:
        report("the database", done, total)

    if connection.vendor == "sqlite":
        target = folder / FILE_NAMES[SQLITE]
        migrations, own = _read_migrations_and_identity()
        sqlite.copy_database(
            Path(str(connection.settings_dict["NAME"])), target, progress
        )
        return CopiedDatabase(
            SQLITE,
            manifest.describe_file(target),
            own,
            migrations,
            tuple(named_blobs.blobs_named_in_sqlite_copy(target)),
        )
    kind = postgres.choose_copy_kind(logical=options.logical)
    target = folder / FILE_NAMES[kind]
    with postgres.read_snapshot() as moment:
        migrations, own = _read_migrations_and_identity()
        named = tuple(named_blobs.blobs_named_in_database())
        postgres.copy_database(target, kind, moment, progress)
    return CopiedDatabase(kind, manifest.describe_file(target), own, migrations, named)


def _read_migrations_and_identity() -> tuple[tuple[str, ...], str]:
    """The applied migrations and the identity: both change only at a start."""
    migrations = tuple(schema.applied_migrations(connection))
    return migrations, identity.read_database_identity()


def _copy_blobs(
    folder: BackupFolder,
    copied: CopiedDatabase,
    previous: Manifest | None,
    options: BackupOptions,
    report: ReportProgress,
) -> list[CopyResult]:
    root = Path(settings.FILES_DIR)
    before = previous.blobs if previous else ()
    writer = ObjectWriter(
        folder,
        lambda name: named_blobs.locate_blob(root, name),
        {(blob.name, blob.size): blob.sha256 for blob in before},
        backup_folder.time_of_backup(previous.stamp).timestamp() if previous else 0.0,
        options.full,
    )
    stored = []
    for done, one in enumerate(map_in_threads(writer.add, copied.blobs), 1):
        stored.append(one)
        report("files", done, len(copied.blobs))
    writer.flush()
    return stored


def _build_manifest(
    work: Path, stamp: str, copied: CopiedDatabase, stored: Iterable[CopyResult]
) -> Manifest:
    stored = list(stored)
    return Manifest(
        stamp=stamp,
        version=__version__,
        identity=copied.identity,
        kind=copied.kind,
        database=copied.file,
        migrations=copied.migrations,
        home=tuple(_copy_home_files(work)),
        blobs=tuple(one.blob for one in stored if one.blob is not None),
        missing=_names_with_fault(stored, BlobFault.MISSING),
        damaged=_names_with_fault(stored, BlobFault.DAMAGED),
    )


def _names_with_fault(
    stored: Iterable[CopyResult], fault: BlobFault
) -> tuple[str, ...]:
    return tuple(one.name for one in stored if one.fault is fault)


def _copy_home_files(work: Path) -> Iterator[StoredFile]:
    for name in HOME_FILES:
        source = Path(settings.STUDIO_HOME, name)
        if source.is_file():
            backup_folder.write_synced(work / name, source.read_bytes())
            yield manifest.describe_file(work / name)


def check_new_backup(
    folder: BackupFolder, work: Path, created: Manifest, *, full: bool
) -> None:
    """Check what was written by reading it. Raises CommandError, ValueError."""
    if created.kind == SQLITE:
        sqlite.check_copy(work / created.database.name)
    else:
        postgres.check_copy(work / created.database.name, created.kind)
    for blob in created.blobs:
        path = folder.object_path(blob.sha256)
        is_whole = has_size(path, blob.size)
        if is_whole and full:
            is_whole = hash_file(path, blob.size) == blob.sha256
        if not is_whole:
            raise ValueError(f"the object {path} is damaged")


def check_backups(path: Path, *, full: bool) -> int:
    """Check every complete backup of a folder; returns how many there are.

    Raises CommandError for the first that is damaged, and where there is none.
    """
    folder = BackupFolder(path.absolute())
    stamps = folder.complete_backups()
    if not stamps:
        raise CommandError(f"{path} contains no complete backup.")
    for stamp in stamps:
        try:
            found = manifest.read_manifest(folder, stamp)
            check_new_backup(folder, folder.path / stamp, found, full=full)
        except (OSError, ValueError, sqlite3.Error, ProgramFailed, BadZipFile) as error:
            raise CommandError(f"The backup {stamp} is damaged: {error}.") from error
    return len(stamps)
