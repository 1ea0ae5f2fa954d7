"""How often anything changed that a list of a workspace shows: kept by triggers.

A list that is open asks every few seconds whether there is news, and the count answers
without looking at a run. Triggers keep it, so no path of writing can forget it, and it
is raised in the transaction of the change: whoever sees the one sees the other.

On SQLite, which has one writer at a time, a workspace has one row. On PostgreSQL a row
would make all writers of a workspace wait for each other; there a writer takes any row
that no other holds, and adds one if all are held. The count is their sum.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.models import triggers
from runs.models.accounts import Workspace

TABLE = "runs_changecount"
INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"


class ChangeCount(models.Model):
    """A part of a sum."""

    # Without a constraint: a workspace's runs are still deleted when it is gone.
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="change_counts",
        db_constraint=False,
    )
    changes = models.BigIntegerField(default=0)


@dataclass(frozen=True)
class Watched:
    """A table, and in SQL the workspaces whose lists show a `{row}` of it."""

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
    Watched("runs_run", "SELECT {row}.workspace_id AS id"),
    Watched("runs_experiment", "SELECT {row}.workspace_id AS id"),
    Watched(
        "runs_runstar",
        "SELECT workspace_id AS id FROM runs_run WHERE id = {row}.run_id",
        (INSERT, DELETE),
    ),
    Watched(
        "runs_experimentstar",
        "SELECT workspace_id AS id FROM runs_experiment WHERE id = {row}.experiment_id",
        (INSERT, DELETE),
    ),
    Watched(
        "runs_metricgoal",
        "SELECT workspace_id AS id FROM runs_experiment WHERE id = {row}.experiment_id",
    ),
    Watched("runs_view", "SELECT {row}.workspace_id AS id"),
    Watched(
        "runs_user",
        "SELECT id FROM runs_workspace",
        (UPDATE,),
        ("username", "display_name"),
    ),
)
_NEW_WORKSPACE = f"{TABLE}_workspace_insert"


def changes_of(workspace: int) -> int | None:
    """The count; None if nothing is known, and so nothing can be said to be old."""
    rows = ChangeCount.objects.filter(workspace=workspace)
    found: int | None = rows.aggregate(n=models.Sum("changes"))["n"]
    return found


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are not there. Safe to repeat.

    An early migration knows not all of the tables yet; a later one installs the rest.
    """
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_COUNT)
        for watched in (each for each in WATCHED if each.table in there):
            for event in watched.events:
                for statement in _statements(connection.vendor, watched, event):
                    cursor.execute(statement)
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
        # What changed while the triggers were away was not counted.
        cursor.execute(f"UPDATE {TABLE} SET changes = changes + 1")


def remove(connection: BaseDatabaseWrapper) -> None:
    for watched in WATCHED:
        names = [watched.name(event) for event in watched.events]
        triggers.drop(connection, watched.table, names)
    if connection.vendor == "sqlite":
        triggers.drop(connection, "runs_workspace", [_NEW_WORKSPACE])


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of triggers that should be there and are not."""
    wanted = [watched.name(e) for watched in WATCHED for e in watched.events]
    if connection.vendor == "sqlite":
        wanted.append(_NEW_WORKSPACE)
    return triggers.missing(connection, wanted)


def _statements(vendor: str, watched: Watched, event: str) -> list[str]:
    name, row = watched.name(event), "OLD" if event == DELETE else "NEW"
    found = watched.workspaces.format(row=row)
    on = f"AFTER {watched.when(event)} ON {watched.table}"
    if vendor == "sqlite":
        raised = f"UPDATE {TABLE} SET changes = changes + 1"
        done = f"{raised} WHERE workspace_id IN ({found})"
        return [f"CREATE TRIGGER IF NOT EXISTS {name} {on} BEGIN {done}; END"]
    if watched.columns:
        # Only triggers of rows know which columns were changed.
        each, told = "FOR EACH ROW", found
    else:
        each = f"REFERENCING {row} TABLE AS changed FOR EACH STATEMENT"
        one = watched.workspaces.format(row="changed")
        told = f"SELECT DISTINCT there.id FROM changed, LATERAL ({one}) AS there"
    done = f"PERFORM runs_count_change(id) FROM ({told}) AS found"
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
