"""Load whole tables fast: without triggers and indexes.

The caller holds a transaction. Rows come as they are, derived ones too: nothing is
counted, refused or indexed during it. What was taken away is back at the end, and the
database then checks it: a row without its parent, or there twice, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from runs.management import schema
from runs.models import (
    change_counts,
    file_totals,
    immutable,
    rollups,
    root_metrics,
    search_text,
)

_FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace
ORDER BY 1, 2
"""
#: Those of primary keys and of other constraints stay.
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
ORDER BY 1
"""
#: Those of constraints have no statement of their own, and stay.
_SQLITE_INDEXES = """
SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1
"""
#: For the indexes that stay, and to sort what the others are built from.
SQLITE_CACHE_KB = 256 * 1024
DERIVED = (
    immutable,
    rollups,
    change_counts,
    root_metrics,
    search_text,
    file_totals,
)


@contextmanager
def filling_transaction() -> Iterator[None]:
    """The transaction that fills an empty database.

    SQLite's WAL would hold all rows before they are copied to their place. A rollback
    journal holds what was there before, which is next to nothing. A process that is
    killed leaves the journal, with which the next one empties the file again. Each
    connection of the server switches to the WAL (`studio.settings`).
    """
    if connection.vendor == "sqlite":
        # Not DELETE: the file that ends the transaction could return after a power cut.
        _execute_statements(["PRAGMA journal_mode=TRUNCATE"])
    with transaction.atomic():
        yield
    if connection.vendor == "sqlite":
        _execute_statements(["PRAGMA journal_mode=WAL"])


@contextmanager
def bulk_load() -> Iterator[None]:
    if connection.vendor == "postgresql":
        with _without_constraints():
            yield
        return
    with search_text.page_cache(connection, SQLITE_CACHE_KB), _without_indexes():
        for each in DERIVED:
            each.remove(connection)
        yield
        for each in DERIVED:
            each.install(connection)
        search_text.refill(connection)


@contextmanager
def _without_indexes() -> Iterator[None]:
    """An index of many rows is sorted; row by row, it writes random pages."""
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE_INDEXES)
        indexes = cursor.fetchall()
    _execute_statements([f'DROP INDEX "{name}"' for name, _definition in indexes])
    yield
    _execute_statements([definition for _name, definition in indexes])


@dataclass(frozen=True)
class RemovableConstraints:
    """What is taken away, and the statements that bring it back."""

    drop: list[str]
    create: list[str]


@contextmanager
def _without_constraints() -> Iterator[None]:
    constraints = _list_constraints_and_indexes()
    _execute_statements(constraints.drop)
    _switch_triggers("DISABLE")
    yield
    _switch_triggers("ENABLE")
    # Building them sorts all rows at once, which is fast with memory.
    _execute_statements(
        ["SET LOCAL maintenance_work_mem = '256MB'", *constraints.create]
    )


def _list_constraints_and_indexes() -> RemovableConstraints:
    with connection.cursor() as cursor:
        # Removing an index that a constraint needs would be refused.
        cursor.execute(_FOREIGN_KEYS)
        keys = cursor.fetchall()
        cursor.execute(_INDEXES)
        indexes = cursor.fetchall()
    drop = [f'ALTER TABLE {table} DROP CONSTRAINT "{name}"' for table, name, _ in keys]
    create = [
        f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
        for table, name, definition in keys
    ]
    return RemovableConstraints(
        [*drop, *(f"DROP INDEX {name}" for name, _definition in indexes)],
        [*(definition for _name, definition in indexes), *create],
    )


def _switch_triggers(word: str) -> None:
    """Those of the schema; the database's own ones belong to its constraints."""
    tables = schema.data_tables(connection)
    _execute_statements(
        [f'ALTER TABLE "{table}" {word} TRIGGER USER' for table in tables]
    )


def _execute_statements(statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def reset_sequences() -> None:
    """New rows get keys after those that were loaded with their keys."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, "
            "pg_get_serial_sequence(quote_ident(table_name), column_name) "
            "FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND pg_get_serial_sequence(quote_ident(table_name), column_name) "
            "IS NOT NULL"
        )
        for table, column, sequence in cursor.fetchall():
            cursor.execute(
                f'SELECT setval(%s, (SELECT COALESCE(MAX("{column}"), 0) + 1 '
                f'FROM "{table}"), false)',
                [sequence],
            )
