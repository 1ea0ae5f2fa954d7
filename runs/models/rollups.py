"""Counts of runs per experiment and status, kept up to date by triggers.

Triggers on the table of runs add rows per change: +1 for the new group of a run, -1 for
the old one. A count is a sum of rows. No row is ever updated, so writers never wait for
each other and cannot deadlock. The worker merges the rows, from time to time and while
it changes many runs. Trashed runs do not count. A trashed experiment keeps its rows,
and readers skip it.

Django's SQLite migrations rebuild tables and drop triggers. The start then calls
`restore`, and so must a migration that alters the table of runs.
"""

from __future__ import annotations

from collections import defaultdict

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Max

from runs.models import triggers
from runs.models.experiments import Experiment
from studio.core.batches import batches

TABLE = "runs_runcount"
EVENTS = ("INSERT", "UPDATE", "DELETE")
#: Rows of one merge, which holds SQLite's write lock.
MAX_MERGED_ROWS = 20_000
#: How many rows a large change adds before they are merged: to sum these takes a list
#: about 2 ms.
ROWS_PER_MERGE = 4_000
_COLUMNS = "experiment_id, status, is_root, is_archived, runs"
_GROUP_COLUMNS = ("experiment_id", "status", "parent_id", "archived", "deleted")


class RunCount(models.Model):
    """A part of the count of one group of runs."""

    # Without a constraint: purging a run with its experiment still adds rows.
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


def merge_run_counts(newest: int = MAX_MERGED_ROWS) -> int:
    """Replace the newest rows of each group by their sum; returns how many this saved.

    A row that is alone in its group stays, so that repeated merges write little.
    """
    groups: defaultdict[tuple[int, int, bool, bool], list[tuple[int, int]]]
    groups = defaultdict(list)
    with transaction.atomic():
        # Only the rows read here are replaced, so rows that arrive in the meantime
        # stay.
        rows = RunCount.objects.select_for_update().order_by("-pk")[:newest]
        columns = ("experiment_id", "status", "is_root", "is_archived", "runs")
        for pk, *group, runs in rows.values_list("pk", *columns):
            groups[tuple(group)].append((pk, runs))
        merged = {group: some for group, some in groups.items() if len(some) > 1}
        gone = [pk for some in merged.values() for pk, _runs in some]
        for keys in batches(gone):
            RunCount.objects.filter(pk__in=keys).delete()
        sums = {group: sum(n for _pk, n in some) for group, some in merged.items()}
        written = RunCount.objects.bulk_create(
            RunCount(**dict(zip(columns, (*group, runs), strict=True)))
            for group, runs in sums.items()
            if runs
        )
    return len(gone) - len(written)


class RunCountMerges:
    """Merges the newest rows whenever many were added since the last time.

    For work that adds thousands of rows in a second, which each list sums.
    """

    def __init__(self) -> None:
        self._seen: int | None = None

    def merge_if_many(self) -> int:
        """Return how many rows this saved; the first call only counts from there."""
        newest = self._newest()
        if self._seen is None:
            self._seen = newest
        if newest - self._seen < ROWS_PER_MERGE:
            return 0
        # With as many again, which has the sums of the last time.
        saved = merge_run_counts(2 * ROWS_PER_MERGE)
        self._seen = self._newest()
        return saved

    def _newest(self) -> int:
        found: int | None = RunCount.objects.aggregate(newest=Max("pk"))["newest"]
        return found or 0


def recount(connection: BaseDatabaseWrapper) -> None:
    """Count all runs again; the lock keeps other writers out."""
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
    """Create the missing triggers. Safe to repeat."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_function_sql())
        for event in EVENTS:
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {_trigger_name(event)} "
                    f"AFTER {_trigger_event(event)} ON runs_run FOR EACH ROW "
                    "EXECUTE FUNCTION runs_count_runs()"
                )
            else:
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {_trigger_name(event)} "
                    f"AFTER {_trigger_event(event)} ON runs_run "
                    f"{_moved_condition('WHEN') if event == 'UPDATE' else ''} BEGIN "
                    f"{' '.join(_count_statements(event))} END"
                )


def remove(connection: BaseDatabaseWrapper) -> None:
    triggers.drop_triggers(connection, "runs_run", map(_trigger_name, EVENTS))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """List the names of missing triggers."""
    return triggers.missing_triggers(connection, map(_trigger_name, EVENTS))


def restore(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers, and count all runs again."""
    with transaction.atomic():
        install(connection)
        recount(connection)


def _trigger_name(event: str) -> str:
    return f"{TABLE}_on_{event.lower()}"


def _trigger_event(event: str) -> str:
    return f"UPDATE OF {', '.join(_GROUP_COLUMNS)}" if event == "UPDATE" else event


def _moved_condition(word: str) -> str:
    """True where an UPDATE moved the run to another count."""
    # SQLite knows IS DISTINCT FROM only since version 3.39.
    differs = "IS NOT" if word == "WHEN" else "IS DISTINCT FROM"
    return f"{word} " + " OR ".join(
        f"OLD.{c} {differs} NEW.{c}" for c in _GROUP_COLUMNS
    )


def _count_statements(event: str) -> list[str]:
    """The statements that add -1 for the old group and +1 for the new one."""
    signs = {"INSERT": {"NEW": 1}, "DELETE": {"OLD": -1}}
    return [
        f"INSERT INTO {TABLE} ({_COLUMNS}) SELECT {row}.experiment_id, {row}.status, "
        f"{row}.parent_id IS NULL, {row}.archived IS NOT NULL, {sign} "
        f"WHERE {row}.deleted IS NULL;"
        for row, sign in signs.get(event, {"OLD": -1, "NEW": 1}).items()
    ]


def _function_sql() -> str:
    update, insert, delete = (
        " ".join(_count_statements(e)) for e in ("UPDATE", "INSERT", "DELETE")
    )
    return f"""
CREATE OR REPLACE FUNCTION runs_count_runs() RETURNS trigger AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN {insert}
  ELSIF TG_OP = 'DELETE' THEN {delete}
  {_moved_condition("ELSIF")} THEN {update}
  END IF;
  RETURN NULL;
END $$ LANGUAGE plpgsql
"""
