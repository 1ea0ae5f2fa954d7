"""What a backup holds: its manifest, the last file that a backup writes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from runs.management.backup.backup_folder import (
    MANIFEST_NAME,
    BackupFolder,
    write_synced,
)

FORMAT = 1
CHUNK_BYTES = 1024 * 1024
#: Kinds of a copied database: a SQLite file, a pg_dump archive, an archive of tables.
SQLITE, DUMP, TABLES = "sqlite", "pg_dump", "tables"
FILE_NAMES = {
    SQLITE: "database.sqlite3",
    DUMP: "database.dump",
    TABLES: "database.zip",
}


@dataclass(frozen=True)
class StoredFile:
    """A file of the backup itself, with its checksum."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class BackedUpBlob:
    """`size` bytes of the stored file `name` are the object `sha256`."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`missing` and `damaged` name blobs whose bytes were not as their row says."""

    stamp: str
    version: str
    identity: str
    kind: str
    database: StoredFile
    migrations: tuple[str, ...]
    home: tuple[StoredFile, ...]
    blobs: tuple[BackedUpBlob, ...]
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    format: int = FORMAT

    @property
    def size(self) -> int:
        return sum(blob.size for blob in self.blobs)


def write_manifest(manifest: Manifest, folder: Path) -> None:
    content = json.dumps(asdict(manifest), indent=1).encode()
    write_synced(folder / MANIFEST_NAME, content)


def read_manifest(folder: BackupFolder, stamp: str) -> Manifest:
    """Raises CommandError where the manifest cannot be read."""
    path = folder.path / stamp / MANIFEST_NAME
    try:
        return _parse_manifest(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            f"The manifest {path} cannot be read: {error}. Use another backup."
        ) from error


def _parse_manifest(content: dict[str, Any]) -> Manifest:
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']}, not {FORMAT}")
    known: dict[str, Any] = {
        **content,
        "database": StoredFile(**content["database"]),
        "migrations": tuple(content["migrations"]),
        "home": tuple(StoredFile(**one) for one in content["home"]),
        "blobs": tuple(BackedUpBlob(**one) for one in content["blobs"]),
        "missing": tuple(content["missing"]),
        "damaged": tuple(content["damaged"]),
    }
    return Manifest(**known)


def latest_manifest(folder: BackupFolder, wanted_name: str | None = None) -> Manifest:
    """The newest complete backup, or the one of that stamp."""
    stamps = folder.complete_backups()
    if not stamps:
        raise CommandError(f"{folder.path} contains no complete backup.")
    if wanted_name is not None and wanted_name not in stamps:
        raise CommandError(
            f"{folder.path} contains no complete backup named {wanted_name}. "
            f"Choose one of these: {', '.join(stamps)}."
        )
    return read_manifest(folder, wanted_name or stamps[-1])


def describe_file(path: Path, name: str = "") -> StoredFile:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return StoredFile(name or path.name, size, digest.hexdigest())
