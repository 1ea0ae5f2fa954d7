"""Which stored files a database names, and where their bytes are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from runs.management.backup.object_writer import NamedBlob
from runs.management.backup.sqlite import connect_read_only
from runs.storage.files import INCOMING, QUARANTINE

#: A snapshot's digest is the hash of its bytes.
_NAMED_BLOBS = (
    "SELECT blob, size, sha256 FROM runs_file "
    "UNION ALL SELECT blob, size, digest FROM runs_snapshot"
)
FETCHED_ROWS = 10_000


def blobs_named_in_sqlite_copy(path: Path) -> Iterator[NamedBlob]:
    """What a copied SQLite database names."""
    with contextlib.closing(connect_read_only(path)) as database:
        for row in database.execute(_NAMED_BLOBS):
            yield NamedBlob(*row)


def blobs_named_in_database() -> Iterator[NamedBlob]:
    """What the database names; within a transaction that holds one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED_BLOBS)
        while rows := cursor.fetchmany(FETCHED_ROWS):
            yield from (NamedBlob(*row) for row in rows)


def locate_blob(root: Path, name: str) -> Path | None:
    """The file with a blob's bytes, wherever it is on its way."""
    kept, incoming = root / name[:2] / name, root / INCOMING / name
    # The second look finds what was moved between the first two.
    for path in (kept, incoming, kept, root / QUARANTINE / name):
        if path.is_file():
            return path
    return None
