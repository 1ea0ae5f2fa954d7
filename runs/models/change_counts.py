"""Count the changes to what the lists of a workspace show, by triggers.

An open list asks every few seconds whether something changed, and the count answers
without reading a run. Triggers raise it, so no code that writes can forget it. They run
in the transaction of the change, so both become visible together.

On SQLite, which has one writer at a time, a workspace has one row. On PostgreSQL, one
row would make all writers of a workspace wait for each other. There a writer takes any
unlocked row, or adds one if all are locked. The count is the sum of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.models import triggers
from runs.models.accounts import Workspace

TABLE = "runs_changecount"
#: The workspace of a row that names it.
OWN = "SELECT {row}.workspace_id AS id"
INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"


class ChangeCount(models.Model):
    """A part of a workspace's count."""

    # Without a constraint: runs of a deleted workspace are still being deleted.
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="change_counts",
        db_constraint=False,
    )
    changes = models.BigIntegerField(default=0)


@dataclass(frozen=True)
class WatchedTable:
    """A table, and SQL that finds the workspaces whose lists show a `{row}` of it."""

    table: str
    workspaces: str
    events: tuple[str, ...] = (INSERT, UPDATE, DELETE)
    columns: tuple[str, ...] = ()

    def name(self, event: str) -> str:
        return f"{TABLE}_{self.table.removeprefix('runs_')}_{event.lower()}"

    def when(self, event: str) -> str:
        if event == UPDATE and self.columns:
            return f"UPDATE OF {', '.join(self.columns)}"
        return event


#: What belongs to a run is written in one transaction with the run's own row.
WATCHED = (
    WatchedTable("runs_run", OWN),
    WatchedTable("runs_experiment", OWN),
    WatchedTable(
        "runs_runstar",
        "SELECT workspace_id AS id FROM runs_run WHERE id = {row}.run_id",
        (INSERT, DELETE),
    ),
    WatchedTable(
        "runs_experimentstar",
        "SELECT workspace_id AS id FROM runs_experiment WHERE id = {row}.experiment_id",
        (INSERT, DELETE),
    ),
    WatchedTable(
        "runs_metricgoal",
        "SELECT workspace_id AS id FROM runs_experiment WHERE id = {row}.experiment_id",
    ),
    WatchedTable("runs_view", OWN),
    WatchedTable(
        "runs_user",
        "SELECT id FROM runs_workspace",
        (UPDATE,),
        ("username", "display_name"),
    ),
)
_NEW_WORKSPACE = f"{TABLE}_workspace_insert"


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the missing triggers. Safe to repeat.

    The first migration that calls this lacks some tables; a later one adds the rest.
    """
    _create_triggers(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            added = f"INSERT INTO {TABLE} (workspace_id, changes)"
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {_NEW_WORKSPACE} AFTER INSERT "
                f"ON runs_workspace BEGIN {added} VALUES (NEW.id, 1); END"
            )
            cursor.execute(
                f"{added} SELECT id, 1 FROM runs_workspace "
                f"WHERE id NOT IN (SELECT workspace_id FROM {TABLE})"
            )
        # Changes made without the triggers were not counted.
        cursor.execute(f"UPDATE {TABLE} SET changes = changes + 1")


def create_triggers_again(connection: BaseDatabaseWrapper) -> None:
    """Replace the triggers, for a migration that no change can come between."""
    _drop_triggers(connection)
    _create_triggers(connection)


def _create_triggers(connection: BaseDatabaseWrapper) -> None:
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_COUNT)
        for watched in (each for each in WATCHED if each.table in there):
            for event in watched.events:
                for statement in _trigger_statements(connection.vendor, watched, event):
                    cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    _drop_triggers(connection)
    if connection.vendor == "sqlite":
        triggers.drop_triggers(connection, "runs_workspace", [_NEW_WORKSPACE])


def _drop_triggers(connection: BaseDatabaseWrapper) -> None:
    for watched in WATCHED:
        names = [watched.name(event) for event in watched.events]
        triggers.drop_triggers(connection, watched.table, names)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """List the names of missing triggers."""
    wanted = [watched.name(e) for watched in WATCHED for e in watched.events]
    if connection.vendor == "sqlite":
        wanted.append(_NEW_WORKSPACE)
    return triggers.missing_triggers(connection, wanted)


def _trigger_statements(vendor: str, watched: WatchedTable, event: str) -> list[str]:
    name, row = watched.name(event), "OLD" if event == DELETE else "NEW"
    found = watched.workspaces.format(row=row)
    on = f"AFTER {watched.when(event)} ON {watched.table}"
    if vendor == "sqlite":
        # A subquery would take four times longer, in each row of a bulk change.
        is_own = watched.workspaces == OWN
        which = f"= {row}.workspace_id" if is_own else f"IN ({found})"
        raised = f"UPDATE {TABLE} SET changes = changes + 1"
        done = f"{raised} WHERE workspace_id {which}"
        return [f"CREATE TRIGGER IF NOT EXISTS {name} {on} BEGIN {done}; END"]
    if watched.columns:
        # Only triggers of rows know which columns were changed.
        each, source = "FOR EACH ROW", found
    else:
        each = f"REFERENCING {row} TABLE AS changed FOR EACH STATEMENT"
        one = watched.workspaces.format(row="changed")
        source = f"SELECT DISTINCT there.id FROM changed, LATERAL ({one}) AS there"
    done = f"PERFORM runs_count_change(id) FROM ({source}) AS found"
    body = f"$$ BEGIN {done}; RETURN NULL; END $$ LANGUAGE plpgsql"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS {body}",
        f"CREATE OR REPLACE TRIGGER {name} {on} {each} EXECUTE FUNCTION {name}()",
    ]


_COUNT = f"""
CREATE OR REPLACE FUNCTION runs_count_change(workspace bigint) RETURNS void AS $$
BEGIN
  UPDATE {TABLE} SET changes = changes + 1 WHERE id = (
    SELECT id FROM {TABLE} WHERE workspace_id = workspace
    FOR UPDATE SKIP LOCKED LIMIT 1);
  IF NOT FOUND THEN
    INSERT INTO {TABLE} (workspace_id, changes) VALUES (workspace, 1);
  END IF;
END $$ LANGUAGE plpgsql
"""
