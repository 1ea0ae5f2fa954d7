"""The database at the start: newer ones refused, old ones copied, then migrated."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from runs.management import schema, upgrade
from runs.models import (
    change_counts,
    file_totals,
    immutable,
    rollups,
    root_metrics,
    search_text,
)

PrintLine = Callable[[str], object]


def prepare_database(folder: Path, print_line: PrintLine) -> None:
    """Bring the database to this code's schema. Raises CommandError with a sentence."""
    try:
        refuse_locked()
        refuse_newer_schema()
        migrate(folder, print_line)
        schema.refuse_missing_columns()
        restore_triggers(print_line)
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
            "The database was created by a newer version (with migration "
            f"{newer[-1]}). Install that version, or set STUDIO_HOME to another folder."
        )


def migrate(folder: Path, print_line: PrintLine) -> None:
    """Apply what is to be applied, after a copy of a database that holds something."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        if executor.loader.applied_migrations:
            planned = [f"{one.app_label}.{one.name}" for one, _backwards in plan]
            upgrade.prepare_upgrade(folder, planned, print_line)
        schema.migrate()
        schema.create_content_types()
        gather_statistics()
    upgrade.finish_upgrade(folder)


def gather_statistics() -> None:
    """New indexes have none, and a planner without them chooses badly."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Without a limit, SQLite reads each index completely.
            cursor.execute("PRAGMA analysis_limit=1000")
        cursor.execute("ANALYZE")


def refuse_locked() -> None:
    """Wait for other writers as long as a request would, then raise CommandError."""
    if connection.vendor != "sqlite":
        return
    try:
        with transaction.atomic():
            pass
    except OperationalError as error:
        if "locked" not in str(error):
            raise
        raise CommandError(
            f"Another process has locked {connection.settings_dict['NAME']} for "
            "writing. Stop that process or wait for it, then start again."
        ) from error


def missing_triggers() -> list[str]:
    derived = (
        immutable,
        rollups,
        change_counts,
        root_metrics,
        search_text,
        file_totals,
    )
    return [name for each in derived for name in each.missing(connection)]


def restore_triggers(print_line: PrintLine) -> None:
    """Install missing triggers, and recalculate what they would have kept up to date.

    Without the triggers, rows that must not change could, and counts would be wrong.
    """
    for module, repair, done in (
        (immutable, immutable.install, "Installed triggers again"),
        (rollups, rollups.restore, "Counted the runs again"),
        (change_counts, change_counts.install, "Installed triggers again"),
        (root_metrics, root_metrics.restore, "Calculated the best values again"),
        (search_text, search_text.restore, "Built the search index again"),
        (file_totals, file_totals.restore, "Counted the files again"),
    ):
        if missing := module.missing(connection):
            print_line(f"{done}, because these were missing: {', '.join(missing)}")
            repair(connection)


def merge_wal() -> None:
    """At the end of a server: its last connection moves all writes into one file.

    Its processes end without closing theirs. The WAL that would stay belongs to this
    file alone, and destroys an older copy that is put in its place.
    """
    if connection.vendor == "sqlite":
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM sqlite_master")
    connection.close()


def optimize(_now: int) -> None:
    """Keep the planner's statistics fresh; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # 0x10000 checks all tables, not only those that this connection has used.
            cursor.execute("PRAGMA optimize=0x10002")
