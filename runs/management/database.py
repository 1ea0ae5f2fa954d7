"""The database at the start: newer ones refused, old ones copied, then migrated."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from runs.models import change_counts, immutable, rollups, root_metrics, search_text

#: How many copies are kept; the oldest go.
COPIES = 3

Say = Callable[[str], object]


def prepare(folder: Path, say: Say) -> None:
    """Bring the database to this code's schema. Raises CommandError with a sentence."""
    try:
        refuse_newer_schema()
        migrate(folder, say)
        restore_triggers(say)
    except DatabaseError as error:
        raise CommandError(f"The database cannot be used: {error}") from error
    finally:
        connection.close()


def refuse_newer_schema() -> None:
    executor = MigrationExecutor(connection)
    known = set(executor.loader.disk_migrations) | set(executor.loader.replacements)
    apps = executor.loader.migrated_apps
    applied = MigrationRecorder(connection).applied_migrations()
    newer = sorted(
        f"{app}.{name}"
        for app, name in applied
        if app in apps and (app, name) not in known
    )
    if newer:
        raise CommandError(
            f"The database was written by a newer version (it has {newer[-1]}). "
            "Install that version, or set STUDIO_HOME to another folder."
        )


def migrate(folder: Path, say: Say) -> None:
    """Apply what is to be applied, after a copy of a database that holds something."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if connection.vendor == "sqlite" and executor.loader.applied_migrations:
        say(f"Copied the database to {copy_sqlite(folder)} before changing it.")
    call_command("migrate", interactive=False, verbosity=0)
    # New indexes have no statistics, and a planner without them chooses badly.
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit=1000")
        cursor.execute("ANALYZE")


def copy_sqlite(folder: Path) -> Path:
    """A consistent copy in `backups/`; whatever is still in the WAL is in it."""
    copies = folder / "backups"
    copies.mkdir(mode=0o700, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    target = copies / f"studio-{stamp}.sqlite3"
    target.touch(mode=0o600)
    source = Path(str(connection.settings_dict["NAME"]))
    try:
        with (
            contextlib.closing(sqlite3.connect(source)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        target.unlink()
        raise CommandError(
            f"The database could not be copied to {copies}, so it was not changed: "
            f"{error}"
        ) from error
    for old_copy in sorted(copies.glob("studio-*.sqlite3"))[:-COPIES]:
        old_copy.unlink()
    return target


def restore_triggers(say: Say) -> None:
    """Immutable rows are only so with their triggers, counts and words only right."""
    lost = immutable.missing(connection)
    if lost:
        say(f"Installed missing triggers again: {', '.join(lost)}")
        immutable.install(connection)
    lost = rollups.missing(connection)
    if lost:
        say(f"Counted the runs again: {', '.join(lost)} were missing")
        rollups.restore(connection)
    lost = change_counts.missing(connection)
    if lost:
        say(f"Installed missing triggers again: {', '.join(lost)}")
        change_counts.install(connection)
    lost = root_metrics.missing(connection)
    if lost:
        say(f"Gathered the best values again: {', '.join(lost)} were missing")
        root_metrics.restore(connection)
    lost = search_text.missing(connection)
    if lost:
        say(f"Built the index of words again: {', '.join(lost)} were missing")
        search_text.restore(connection)


def optimize(_now: int) -> None:
    """Keep the planner's statistics fresh; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA optimize=0x10002")
