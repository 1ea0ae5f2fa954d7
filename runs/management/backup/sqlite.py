"""A consistent copy of a SQLite database while others write to it.

The copy is read within one read transaction. So writers never wait for it, and a write
of another process does not start it over, as it does with SQLite's backup of small
steps alone. The WAL grows while the copy lasts, and is reused after it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError

from runs.management.backup.backup_folder import flush_to_disk

#: Between two steps other threads of this process run: 16 MB with pages of 4 KB.
STEP_PAGES = 4096

Progress = Callable[[int, int], object]


def ignore_progress(_done: int, _total: int) -> None:
    """For callers that show none."""


def copy_database(
    source: Path, target: Path, progress: Progress = ignore_progress
) -> None:
    """Raises sqlite3.Error, OSError; the caller removes what was written."""

    def step(_status: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)

    target.touch(mode=0o600)
    with (
        contextlib.closing(sqlite3.connect(source, isolation_level=None)) as old,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        old.execute("PRAGMA busy_timeout=5000")
        # Flushed once, below: until then a crash leaves only a partial backup.
        new.execute("PRAGMA synchronous=OFF")
        old.execute("BEGIN")
        # BEGIN alone starts no read transaction: the first query does.
        old.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        old.backup(new, pages=STEP_PAGES, progress=step, sleep=0)
        old.execute("COMMIT")
        # Or reading the copy would create two more files next to it.
        new.execute("PRAGMA journal_mode=DELETE")
    flush_to_disk(target)


def check_copy(path: Path) -> None:
    """Raises CommandError unless every page and index of the database is whole."""
    for line in sqlite_faults(path):
        raise CommandError(f"The copy {path} is damaged: {line}.")


def sqlite_faults(path: Path) -> list[str]:
    try:
        with contextlib.closing(connect_read_only(path)) as connection:
            found = connection.execute("PRAGMA quick_check(20)").fetchall()
    except sqlite3.Error as error:
        return [str(error)]
    lines = (line for row in found for line in str(row[0]).splitlines())
    return [line for line in lines if line != "ok" and not line.startswith("***")]


def connect_read_only(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None)
