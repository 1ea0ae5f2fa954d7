"""The triggers that make immutable rows immutable, on both databases.

UPDATE is refused always, DELETE unless the run is marked as being purged. Django's
SQLite migrations rebuild tables and drop triggers, so the start calls `missing` and
`install`; a migration that alters one of these tables ends with `install` too.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("runs_runproperty", "runs_runparam", "runs_runevent")

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION runs_refuse_change() RETURNS trigger AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT 1 FROM runs_run WHERE id = OLD.run_id AND purging
  ) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'immutable: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$ LANGUAGE plpgsql
"""


def names(table: str) -> tuple[str, str]:
    return f"{table}_no_update", f"{table}_no_delete"


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are not there. Safe to repeat."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION)
            for table in TABLES:
                for name, event in zip(names(table), ("UPDATE", "DELETE"), strict=True):
                    cursor.execute(
                        f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table} "
                        "FOR EACH ROW EXECUTE FUNCTION runs_refuse_change()"
                    )
            return
        for table in TABLES:
            on_update, on_delete = names(table)
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {on_update} BEFORE UPDATE ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'immutable: UPDATE is refused'); END"
            )
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {on_delete} BEFORE DELETE ON {table} "
                "WHEN NOT EXISTS (SELECT 1 FROM runs_run WHERE id = OLD.run_id AND "
                "purging) BEGIN SELECT RAISE(ABORT, 'immutable: DELETE is refused'); "
                "END"
            )


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for migrations that go back, and tests that empty tables."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for name in names(table):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of triggers that should be there and are not."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    return [name for table in TABLES for name in names(table) if name not in there]
