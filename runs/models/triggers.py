"""Triggers by their names: which are there, and taking them away.

A start looks for those that it counts on: Django's migrations of SQLite rebuild tables,
and what a table is rebuilt without is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper


def missing(connection: BaseDatabaseWrapper, names: Iterable[str]) -> list[str]:
    """The names of triggers that should be there and are not."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    return [name for name in names if name not in there]


def drop(connection: BaseDatabaseWrapper, table: str, names: Iterable[str]) -> None:
    """Take the table's triggers of these names away, where they are there."""
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
