"""Copy every table into an empty database, compare both, and note the move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.utils import ConnectionHandler

from runs.management import identity, identity_check, move_record, schema
from runs.management.backup import ReportProgress
from runs.management.bulk_load import (
    bulk_load,
    filling_transaction,
    reset_sequences,
)
from runs.management.move.columns import Table, TableDigest, all_tables
from runs.management.move.table_stores import Batch, TableStore, store_of
from runs.management.move.unstorable import refuse_unstorable

Digests = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class MovedData:
    """`digests` are the rows and the content's hash of each table, on both sides."""

    target: str
    digests: Digests

    @property
    def rows(self) -> int:
        return sum(rows for rows, _content in self.digests.values())

    def rows_of(self, model: type[Model]) -> int:
        return self.digests[model._meta.db_table][0]


def move_data(database: dict[str, Any], report: ReportProgress) -> MovedData:
    """To the database of these settings; the caller holds the home's lock.

    Raises CommandError; then the target is as it was, and so is the source.
    """
    source, target = _default_connection(), open_connection(database)
    target_name = move_record.describe_location(target.settings_dict)
    if target_name == move_record.describe_location(source.settings_dict):
        raise CommandError(_same_database_message(target_name, source.vendor))
    identity_check.refuse_foreign_database(Path(settings.STUDIO_HOME))
    schema.refuse_unmigrated()
    with (
        as_command_error(target_name, source, target),
        read_snapshot(source),
        use_as_default_database(target),
    ):
        if schema.has_no_tables(target):
            digests = copy_everything(source, report)
        else:
            digests = finish_interrupted_move(source, target_name, report)
    move_record.record_move(
        Path(settings.STUDIO_HOME),
        source=move_record.describe_location(source.settings_dict),
        target=target_name,
    )
    mark_source_as_moved(source, target_name)
    return MovedData(target_name, digests)


def _same_database_message(target_name: str, vendor: str) -> str:
    step = "Set DATABASE_URL to the old database first."
    if vendor == "postgresql":
        step = "Unset DATABASE_URL first, or set it to the old database."
    return f"The server already uses {target_name}, so there is nothing to move. {step}"


def mark_source_as_moved(source: BaseDatabaseWrapper, target_name: str) -> None:
    try:
        move_record.mark_moved(source)
    except DatabaseError as error:
        raise CommandError(
            f"The data was moved to {target_name}, but the old database could not be "
            f"marked as moved: {str(error).strip()}. Use only the new database."
        ) from error


def _default_connection() -> BaseDatabaseWrapper:
    found: BaseDatabaseWrapper = connections["default"]
    return found


def open_connection(database: dict[str, Any]) -> BaseDatabaseWrapper:
    """A connection of these settings that stands for the default one when asked to."""
    alone = ConnectionHandler({"default": database})
    found: BaseDatabaseWrapper = alone["default"]
    return found


@contextmanager
def use_as_default_database(target: BaseDatabaseWrapper) -> Iterator[None]:
    """Migrations and models then work on the target: they know no other database."""
    source = connections["default"]
    connections["default"] = target
    try:
        yield
    finally:
        target.close()
        connections["default"] = source


@contextmanager
def as_command_error(
    target_name: str, *databases: BaseDatabaseWrapper
) -> Iterator[None]:
    errors = (
        DatabaseError,
        OSError,
        *(each.Database.Error for each in databases),  # type: ignore[attr-defined]
    )
    try:
        yield
    except errors as error:
        lines = str(error).strip().splitlines()
        raise CommandError(
            f"The data could not be moved to {target_name}: "
            f"{lines[0] if lines else error}. "
            "The new database is still empty, and the current one is unchanged."
        ) from error


@contextmanager
def read_snapshot(source: BaseDatabaseWrapper) -> Iterator[None]:
    """Read one moment of the source; on SQLite other writers wait."""
    with transaction.atomic(using=source.alias):
        if source.vendor == "postgresql":
            with source.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def copy_everything(source: BaseDatabaseWrapper, report: ReportProgress) -> Digests:
    """In one transaction, which ends only when both sides hold the same."""
    tables = all_tables()
    if source.vendor == "sqlite":
        refuse_unstorable(source, tables)
    # SQLite takes this outside of a transaction alone; rows come in any order.
    connection.disable_constraint_checking()
    with filling_transaction():
        schema.migrate()
        schema.delete_rows_of_migrations(except_in=["django_migrations"])
        with bulk_load():
            digests = copy_tables(store_of(source), tables, report)
            refuse_differences(digests, digests_of(tables, report))
        reset_sequences()
        connection.check_constraints()
    connection.enable_constraint_checking()
    schema.analyze_loaded_rows(_default_connection())
    return digests


def copy_tables(
    source: TableStore, tables: Iterable[Table], report: ReportProgress
) -> Digests:
    target, digests = store_of(_default_connection()), {}
    for table in tables:
        digest = TableDigest(table)
        total = source.count(table)
        target.write(table, digest_batches(source.read(table), digest, report, total))
        digests[table.name] = digest.value
    return digests


def digest_batches(
    batches: Iterable[Batch],
    digest: TableDigest,
    report: ReportProgress,
    total: int,
    verb: str = "Move",
) -> Iterator[Batch]:
    for batch in batches:
        digest.add(batch)
        report(f"{verb} {digest.table}", digest.rows, total)
        yield batch


def digests_of(
    tables: Iterable[Table],
    report: ReportProgress,
    database: BaseDatabaseWrapper | None = None,
) -> Digests:
    """Read every row again, as it is stored now."""
    store, digests = store_of(database or _default_connection()), {}
    for table in tables:
        digest = TableDigest(table)
        total = store.count(table)
        for _batch in digest_batches(
            store.read(table), digest, report, total, "Compare"
        ):
            pass
        digests[table.name] = digest.value
    return digests


def refuse_differences(source: Digests, target: Digests) -> None:
    different = sorted(name for name in source if source[name] != target.get(name))
    if different:
        raise CommandError(
            f"The copied rows differ in {', '.join(different)}, so the copy was "
            "discarded. The current database is unchanged."
        )


def finish_interrupted_move(
    source: BaseDatabaseWrapper, target_name: str, report: ReportProgress
) -> Digests:
    """A move that was interrupted between its last two steps left all data there."""
    tables = all_tables()
    own = identity.read_database_identity(source)
    if identity.read_database_identity(_default_connection()) == own:
        digests = digests_of(tables, report, source)
        with transaction.atomic():
            if digests == digests_of(tables, report):
                return digests
    name = f"{target_name[0].upper()}{target_name[1:]}"
    raise CommandError(
        f"{name} is not empty, and a move never overwrites data. "
        f"{_how_to_empty_target(_default_connection())}"
    )


def _how_to_empty_target(target: BaseDatabaseWrapper) -> str:
    if target.vendor != "sqlite":
        return "Create an empty database and use its address."
    path = Path(str(target.settings_dict["NAME"]))
    names = ", ".join(sorted(found.name for found in path.parent.glob(f"{path.name}*")))
    return f"Move these files out of {path.parent}, then run the command again: {names}"
