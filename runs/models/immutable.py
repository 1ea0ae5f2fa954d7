"""The triggers that make immutable rows immutable, on both databases.

They refuse UPDATE and TRUNCATE always, and DELETE unless the run is marked as being
purged. Names of parameters and properties have their own table, which refuses UPDATE,
too. Django's SQLite migrations rebuild tables and drop triggers. So the start calls
`missing` and `install`, and a migration that alters one of these tables ends with
`install`.

SQLite's REPLACE deletes without a DELETE trigger, unless the connection says
`recursive_triggers=ON`: the settings do.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from runs.models import triggers as named

TABLES = ("runs_runproperty", "runs_runparam", "runs_runevent")
NAMES = "runs_key"

_FUNCTION = """
CREATE OR REPLACE FUNCTION runs_refuse_change() RETURNS trigger AS $$
BEGIN
  -- Nested: only a deleted row has an OLD with a run.
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT 1 FROM runs_run WHERE id = OLD.run_id AND purging) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'immutable: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$ LANGUAGE plpgsql
"""


@dataclass(frozen=True)
class Trigger:
    table: str
    event: str

    @property
    def name(self) -> str:
        return f"{self.table}_no_{self.event.lower()}"

    def on_postgresql(self) -> str:
        # TRUNCATE fires no triggers of rows.
        level = "STATEMENT" if self.event == "TRUNCATE" else "ROW"
        return (
            f"CREATE OR REPLACE TRIGGER {self.name} BEFORE {self.event} "
            f"ON {self.table} FOR EACH {level} EXECUTE FUNCTION runs_refuse_change()"
        )

    def on_sqlite(self) -> str:
        when = (
            "WHEN NOT EXISTS (SELECT 1 FROM runs_run WHERE id = OLD.run_id AND purging)"
            if self.event == "DELETE"
            else ""
        )
        return (
            f"CREATE TRIGGER IF NOT EXISTS {self.name} BEFORE {self.event} "
            f"ON {self.table} {when} BEGIN "
            f"SELECT RAISE(ABORT, 'immutable: {self.event} is refused'); END"
        )


def triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """List all triggers of this database."""
    events = ["UPDATE", "DELETE"]
    if connection.vendor == "postgresql":
        events.append("TRUNCATE")
    rows = [Trigger(table, event) for table in TABLES for event in events]
    return [*rows, Trigger(NAMES, "UPDATE")]


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the missing triggers. Safe to repeat."""
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute(_FUNCTION)
        for each in triggers(connection):
            cursor.execute(each.on_postgresql() if is_postgresql else each.on_sqlite())


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for migrations that go back, and tests that empty tables."""
    for each in triggers(connection):
        named.drop_triggers(connection, each.table, [each.name])


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """List the names of missing triggers."""
    return named.missing_triggers(
        connection, [each.name for each in triggers(connection)]
    )
