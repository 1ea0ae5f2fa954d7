"""How many runs an experiment has of each status: kept, not counted.

Triggers on the table of runs add a row per change: +1 where a run went, -1 where it
came from. A count is a sum. Nobody updates these rows, so writers never wait for each
other here, and no two of them can lock each other out; the worker folds them (`fold`).
Trashed runs do not count. A trashed experiment keeps its rows; readers leave it out.

Django's SQLite migrations rebuild tables and drop triggers; the start then calls
`restore`, as a migration that alters the table of runs must.
"""

from __future__ import annotations

from collections import Counter

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.models import triggers
from runs.models.experiments import Experiment

TABLE = "runs_runcount"
EVENTS = ("INSERT", "UPDATE", "DELETE")
#: Rows that one fold reads: it holds the write lock of SQLite meanwhile.
BATCH = 20_000
_COLUMNS = "experiment_id, status, is_root, is_archived, runs"
_WATCHED = ("experiment_id", "status", "parent_id", "archived", "deleted")


class RunCount(models.Model):
    """A part of a sum."""

    # Without a constraint: a run that is purged with its experiment still writes here.
    experiment = models.ForeignKey(
        Experiment,
        on_delete=models.CASCADE,
        related_name="run_counts",
        db_constraint=False,
    )
    status = models.PositiveSmallIntegerField()
    is_root = models.BooleanField()
    is_archived = models.BooleanField()
    runs = models.BigIntegerField()


def fold() -> int:
    """Sum rows of one group up; returns how many rows fewer there are."""
    with transaction.atomic():
        rows = list(RunCount.objects.select_for_update().order_by("pk")[:BATCH])
        sums: Counter[tuple[int, int, bool, bool]] = Counter()
        for row in rows:
            group = (row.experiment_id, row.status, row.is_root, row.is_archived)
            sums[group] += row.runs
        kept = {group: runs for group, runs in sums.items() if runs}
        if len(kept) == len(rows):
            return 0
        RunCount.objects.filter(pk__in=[row.pk for row in rows]).delete()
        RunCount.objects.bulk_create(
            RunCount(
                experiment_id=experiment,
                status=status,
                is_root=is_root,
                is_archived=is_archived,
                runs=runs,
            )
            for (experiment, status, is_root, is_archived), runs in kept.items()
        )
    return len(rows) - len(kept)


def recount(connection: BaseDatabaseWrapper) -> None:
    """Count all runs anew. Nobody may write meanwhile: PostgreSQL is told so."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE runs_run IN SHARE MODE")
        cursor.execute(f"DELETE FROM {TABLE}")
        group = "experiment_id, status, parent_id IS NULL, archived IS NOT NULL"
        cursor.execute(
            f"INSERT INTO {TABLE} ({_COLUMNS}) SELECT {group}, COUNT(*) "
            f"FROM runs_run WHERE deleted IS NULL GROUP BY {group}"
        )


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are not there. Safe to repeat."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_function())
        for event in EVENTS:
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {_name(event)} AFTER {_when(event)} "
                    "ON runs_run FOR EACH ROW EXECUTE FUNCTION runs_count_runs()"
                )
            else:
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {_name(event)} "
                    f"AFTER {_when(event)} ON runs_run "
                    f"{_changed('WHEN') if event == 'UPDATE' else ''} BEGIN "
                    f"{' '.join(_added(event))} END"
                )


def remove(connection: BaseDatabaseWrapper) -> None:
    triggers.drop(connection, "runs_run", map(_name, EVENTS))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of triggers that should be there and are not."""
    return triggers.missing(connection, map(_name, EVENTS))


def restore(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers, and count what changed without them."""
    with transaction.atomic():
        install(connection)
        recount(connection)


def _name(event: str) -> str:
    return f"{TABLE}_on_{event.lower()}"


def _when(event: str) -> str:
    return f"UPDATE OF {', '.join(_WATCHED)}" if event == "UPDATE" else event


def _changed(word: str) -> str:
    """True where an UPDATE moved the run to another count."""
    differs = "IS NOT" if word == "WHEN" else "IS DISTINCT FROM"
    return f"{word} " + " OR ".join(f"OLD.{c} {differs} NEW.{c}" for c in _WATCHED)


def _added(event: str) -> list[str]:
    """The statements that say where a run came from and where it went."""
    sides = {"INSERT": {"NEW": 1}, "DELETE": {"OLD": -1}}
    return [
        f"INSERT INTO {TABLE} ({_COLUMNS}) SELECT {row}.experiment_id, {row}.status, "
        f"{row}.parent_id IS NULL, {row}.archived IS NOT NULL, {sign} "
        f"WHERE {row}.deleted IS NULL;"
        for row, sign in sides.get(event, {"OLD": -1, "NEW": 1}).items()
    ]


def _function() -> str:
    update, insert, delete = (
        " ".join(_added(e)) for e in ("UPDATE", "INSERT", "DELETE")
    )
    return f"""
CREATE OR REPLACE FUNCTION runs_count_runs() RETURNS trigger AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN {insert}
  ELSIF TG_OP = 'DELETE' THEN {delete}
  {_changed("ELSIF")} THEN {update}
  END IF;
  RETURN NULL;
END $$ LANGUAGE plpgsql
"""
