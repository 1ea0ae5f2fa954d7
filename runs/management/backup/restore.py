"""Restore a backup into an empty home and an empty database.

A marker in the home says that a restore is under way; the server does not start on such
a home, and the same restore continues it. The database comes last, in one step.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from runs.management import identity, schema
from runs.management.backup import manifest, postgres
from runs.management.backup.backup_folder import BackupFolder, write_synced
from runs.management.backup.create import ReportProgress
from runs.management.backup.manifest import (
    DUMP,
    SQLITE,
    BackedUpBlob,
    Manifest,
    StoredFile,
)
from runs.management.backup.object_writer import (
    BytesChanged,
    copy_bytes,
    has_size,
    hash_file,
    map_in_threads,
)
from runs.management.backup.postgres_programs import ProgramFailed
from runs.management.bulk_load import bulk_load, reset_sequences
from studio.core.private_files import sync_folder

MARKER_NAME = "restore.partial"


@dataclass(frozen=True)
class RestoredBackup:
    """`lost` names stored files whose object is missing or damaged."""

    manifest: Manifest
    lost: tuple[str, ...]


def refuse_partial_restore(home: Path) -> None:
    """For the start: a home that is half restored would lose the other half."""
    marker = read_restore_marker(home)
    if marker is not None:
        raise CommandError(
            f"A restore into {home} was interrupted. Complete it with `manage.py "
            f"restore {marker['path']} --at {marker['stamp']}`."
        )


def read_restore_marker(home: Path) -> dict[str, str] | None:
    path = home / MARKER_NAME
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        return {"path": str(found["path"]), "stamp": str(found["stamp"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"path": "PATH", "stamp": "STAMP"}


def restore_backup(
    path: Path, at: str | None, report: ReportProgress
) -> RestoredBackup:
    """The caller holds the home's lock. Raises CommandError with a sentence."""
    folder, home = BackupFolder(path.absolute()), Path(settings.STUDIO_HOME)
    with as_command_error(folder.path):
        chosen = choose_backup(folder, home, at)
        refuse_damaged(folder, chosen)
        content = {"path": str(folder.path), "stamp": chosen.stamp}
        write_synced(home / MARKER_NAME, json.dumps(content).encode())
        sync_folder(home)
        lost = restore_blobs(folder, chosen, report)
        restore_home_files(folder, chosen, home)
        restore_database(folder, chosen, report)
        (home / MARKER_NAME).unlink()
        sync_folder(home)
    return RestoredBackup(chosen, lost)


def check_restore(path: Path, at: str | None) -> None:
    """For the command, before it writes even a lock: raises CommandError."""
    folder = BackupFolder(path.absolute())
    with as_command_error(folder.path):
        choose_backup(folder, Path(settings.STUDIO_HOME), at)


def choose_backup(folder: BackupFolder, home: Path, at: str | None) -> Manifest:
    marker = read_restore_marker(home)
    if marker is not None and at is None and marker["path"] == str(folder.path):
        at = marker["stamp"]
    chosen = manifest.latest_manifest(folder, at)
    refuse_other_database_kind(chosen)
    refuse_newer_version(chosen)
    refuse_other_restore(marker, folder, chosen)
    if marker is None:
        refuse_existing_data(home)
    return chosen


@contextmanager
def as_command_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, DatabaseError, ProgramFailed, BadZipFile) as error:
        raise CommandError(
            f"The restore from {path} failed: {str(error).strip()}. The backup is "
            "unchanged. To continue, run the command again."
        ) from error


def refuse_other_database_kind(chosen: Manifest) -> None:
    is_sqlite = chosen.kind == SQLITE
    if is_sqlite and connection.vendor != "sqlite":
        raise CommandError(
            f"Backup {chosen.stamp} contains a SQLite database. Unset DATABASE_URL and "
            "restore the backup. To move the data to PostgreSQL, then run `manage.py "
            "move-to`."
        )
    if not is_sqlite and connection.vendor == "sqlite":
        raise CommandError(
            f"Backup {chosen.stamp} contains a PostgreSQL database. Set DATABASE_URL "
            "to an empty PostgreSQL database, then run the command again."
        )
    if chosen.kind == DUMP and postgres.restore_program() is None:
        raise CommandError(
            f"Backup {chosen.stamp} was created with pg_dump, and pg_restore is not "
            "installed. Install the PostgreSQL client programs."
        )


def refuse_newer_version(chosen: Manifest) -> None:
    loader = MigrationLoader(None)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    ours = {f"{app}." for app in loader.migrated_apps}
    for name in chosen.migrations:
        if name not in known and name.startswith(tuple(ours)):
            raise CommandError(
                f"Backup {chosen.stamp} was created by a newer version "
                f"({chosen.version}, with migration {name}). Install that version "
                "first."
            )


def refuse_other_restore(
    marker: dict[str, str] | None, folder: BackupFolder, chosen: Manifest
) -> None:
    wanted = {"path": str(folder.path), "stamp": chosen.stamp}
    if marker is not None and marker["stamp"] != wanted["stamp"]:
        raise CommandError(
            f"A restore of backup {marker['stamp']} from {marker['path']} into this "
            "home was interrupted. Complete it, or set STUDIO_HOME to an empty folder "
            "and use an empty database."
        )


def refuse_existing_data(home: Path) -> None:
    """A restore never overwrites: what is there may be all that is left."""
    files = Path(settings.FILES_DIR)
    stored = any(path.is_file() and path.parent != files for path in files.rglob("*"))
    there = [name for name in ("identity", "client.json") if (home / name).exists()]
    database = home / "studio.sqlite3"
    parts = (database, *wal_and_shm_files(database))
    if stored or there or any(one.exists() and one.stat().st_size for one in parts):
        raise CommandError(
            f"{home} is not empty, and a restore never overwrites data. Set "
            "STUDIO_HOME to an empty folder."
        )
    if connection.vendor == "postgresql" and not schema.has_no_tables(connection):
        raise CommandError(
            "The database in DATABASE_URL is not empty, and a restore never overwrites "
            "data. Create an empty database and set DATABASE_URL to it."
        )


def wal_and_shm_files(database: Path) -> tuple[Path, Path]:
    """What SQLite keeps next to a database; it would apply another one's changes."""
    name = database.name
    return database.with_name(f"{name}-wal"), database.with_name(f"{name}-shm")


def refuse_damaged(folder: BackupFolder, chosen: Manifest) -> None:
    """Before anything is changed: the database's copy is what it was."""
    for file in (chosen.database, *chosen.home):
        path = folder.path / chosen.stamp / file.name
        if not path.is_file() or manifest.describe_file(path) != file:
            raise CommandError(
                f"{path} is damaged or missing. Restore another backup with --at: "
                f"{', '.join(folder.complete_backups())}."
            )


def restore_blobs(
    folder: BackupFolder, chosen: Manifest, report: ReportProgress
) -> tuple[str, ...]:
    """Copy the stored files and check each; returns which could not be."""
    root = Path(settings.FILES_DIR)
    (root / "incoming").mkdir(mode=0o700, parents=True, exist_ok=True)

    def restore_one(blob: BackedUpBlob) -> bool:
        return restore_blob(folder, root, blob)

    lost = []
    results = map_in_threads(restore_one, chosen.blobs)
    for done, (blob, is_whole) in enumerate(zip(chosen.blobs, results, strict=True), 1):
        report("files", done, len(chosen.blobs))
        if not is_whole:
            lost.append(blob.name)
    for entry in [*root.iterdir(), root]:
        if entry.is_dir():
            sync_folder(entry)
    return tuple(lost)


def restore_blob(folder: BackupFolder, root: Path, blob: BackedUpBlob) -> bool:
    """Copy one object back to its name; False where the backup has lost it."""
    target = root / blob.name[:2] / blob.name
    try:
        # An interrupted restore can have copied it already.
        if has_size(target, blob.size) and hash_file(target, blob.size) == blob.sha256:
            return True
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = root / "incoming" / f"restore-{uuid.uuid4().hex}"
        copy_bytes(folder.object_path(blob.sha256), temporary, blob.size, blob.sha256)
    except (BytesChanged, FileNotFoundError):
        return False
    temporary.replace(target)
    return True


def restore_home_files(folder: BackupFolder, chosen: Manifest, home: Path) -> None:
    for file in chosen.home:
        _restore_file(folder.path / chosen.stamp / file.name, home / file.name, file)
    sync_folder(home)


def _restore_file(source: Path, target: Path, file: StoredFile) -> None:
    temporary = target.with_name(f"{target.name}.restore")
    try:
        copy_bytes(source, temporary, file.size, file.sha256)
    except BytesChanged as error:
        raise CommandError(f"{source} is damaged. Restore another backup.") from error
    temporary.replace(target)


def restore_database(
    folder: BackupFolder, chosen: Manifest, report: ReportProgress
) -> None:
    source = folder.path / chosen.stamp / chosen.database.name
    if chosen.kind == SQLITE:
        connection.close()
        target = Path(str(connection.settings_dict["NAME"]))
        # They belong to a copy that an interrupted restore placed and a program opened.
        for left in wal_and_shm_files(target):
            left.unlink(missing_ok=True)
        _restore_file(source, target, chosen.database)
        sync_folder(target.parent)
        return
    postgres.wait_for_restores()
    if not schema.has_no_tables(connection):
        # An earlier, interrupted restore committed it.
        _refuse_other_database(chosen)
        return
    if chosen.kind == DUMP:
        connection.close()
        postgres.restore_dump(source)
    else:
        load_tables(source, chosen, report)
    # New tables have no statistics, and the planner chooses badly without them.
    schema.analyze_loaded_rows(connection)


def _refuse_other_database(chosen: Manifest) -> None:
    is_same = identity.read_database_identity() == chosen.identity
    if not is_same or tuple(schema.applied_migrations(connection)) != chosen.migrations:
        raise CommandError(
            "The database in DATABASE_URL is not empty, and its data is not from "
            f"backup {chosen.stamp}. Create an empty database and set DATABASE_URL to "
            "it."
        )


def load_tables(source: Path, chosen: Manifest, report: ReportProgress) -> None:
    """The schema as it was, then the rows: one transaction."""

    def progress(done: int, total: int) -> None:
        report("tables", done, total)

    with transaction.atomic():
        schema.create_schema(chosen.migrations)
        with bulk_load():
            postgres.import_tables(source, progress)
        reset_sequences()
