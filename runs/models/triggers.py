"""Find missing triggers by name, and drop triggers.

Django's SQLite migrations rebuild tables without their triggers, so each start checks
them.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper


def missing_triggers(
    connection: BaseDatabaseWrapper, names: Iterable[str]
) -> list[str]:
    """List those of `names` that the database lacks."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    return [name for name in names if name not in there]


def drop_triggers(
    connection: BaseDatabaseWrapper, table: str, names: Iterable[str]
) -> None:
    """Drop the table's triggers of these names, if they exist."""
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
