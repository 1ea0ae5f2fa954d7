"""The min and max of a metric among a root's descendants, kept by triggers.

In the tree, a root without a value of its own sorts by the best value of its
descendants. Triggers on `runs_metric` widen the pair (min, max) of the run's root. A
root without children has no pair and costs one lookup. Purging or trashing a run, or
moving a tree below another run, can narrow a pair: `rebuild_root_metrics` then builds
the root's pairs again. Trashed runs do not count; runs of a trashed experiment do.

Django's SQLite migrations rebuild tables and drop triggers. The start then calls
`restore`, and so must a migration that alters `runs_metric`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from django.db import connection as default
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.models import triggers
from runs.models.runs import Run
from runs.models.texts import Key

TABLE = "runs_rootmetric"
EVENTS = ("INSERT", "UPDATE")
_COLUMNS = 'root_id, key_id, "min", "max"'


class RootMetric(models.Model):
    """The min and max that a root's descendants logged; the root itself is left out."""

    root = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="bests", db_index=False
    )
    key = models.ForeignKey(
        Key, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    min = models.FloatField()
    max = models.FloatField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["root", "key"], name="root_metric_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["key", "min", "root"], name="root_metric_by_min"),
            models.Index(fields=["key", "max", "root"], name="root_metric_by_max"),
        ]


def rebuild_root_metrics(roots: Collection[int | None]) -> None:
    """Build the pairs of these roots again; the caller holds a transaction.

    Locks the pairs in the order in which a batch of points locks them.
    """
    known = sorted({root for root in roots if root is not None})
    if not known:
        return
    pairs = RootMetric.objects.filter(root__in=known)
    list(pairs.select_for_update(of=("self",)).order_by("key__name", "root"))
    pairs.delete()
    marks = ", ".join(["%s"] * len(known))
    with default.cursor() as cursor:
        cursor.execute(_collect_statement(default, f"r.root_id IN ({marks})"), known)


def widen_root_metrics(runs: Collection[int]) -> None:
    """Include runs that came back in the pairs of their roots; in a transaction.

    Their trees are not read. One statement names all of the runs.
    """
    known = sorted(runs)
    if not known:
        return
    pairs = RootMetric.objects.filter(root__descendants__in=known)
    list(pairs.select_for_update(of=("self",)).order_by("key__name", "root"))
    marks = ", ".join(["%s"] * len(known))
    with default.cursor() as cursor:
        which = f"r.id IN ({marks}) AND r.root_id IS NOT NULL"
        cursor.execute(_collect_statement(default, which), known)


def roots_with_bounds_of(runs: Collection[int]) -> set[int]:
    """Return the roots with a pair that could become narrower without these runs."""
    if not runs:
        return set()
    marks = ", ".join(["%s"] * len(runs))
    with default.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT r.root_id FROM runs_run r "
            "JOIN runs_metric m ON m.run_id = r.id "
            f"JOIN {TABLE} b ON b.key_id = m.key_id AND b.root_id = r.root_id "
            f"WHERE r.id IN ({marks}) "
            'AND (m."min" <= b."min" OR m."max" >= b."max")',
            list(runs),
        )
        return {root for (root,) in cursor.fetchall()}


def holds_min_or_max_of_root(run: int) -> bool:
    """Whether removing this run could narrow one of its root's pairs."""
    return bool(roots_with_bounds_of([run]))


def recount(connection: BaseDatabaseWrapper) -> None:
    """Build all pairs again; the lock keeps other writers out."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE runs_metric IN SHARE MODE")
        cursor.execute(f"DELETE FROM {TABLE}")
        cursor.execute(_collect_statement(connection, "r.root_id IS NOT NULL"))


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the missing triggers. Safe to repeat."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_function_sql(connection))
        for event in EVENTS:
            when = 'UPDATE OF "min", "max"' if event == "UPDATE" else event
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {_trigger_name(event)} AFTER {when} ON "
                    "runs_metric FOR EACH ROW "
                    f"WHEN ({_changed_condition(connection, event)}) "
                    "EXECUTE FUNCTION runs_widen_root_metric()"
                )
            else:
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {_trigger_name(event)} AFTER {when} "
                    f"ON runs_metric WHEN {_changed_condition(connection, event)} "
                    f"BEGIN {_widen_statement(connection)}; END"
                )


def remove(connection: BaseDatabaseWrapper) -> None:
    triggers.drop_triggers(connection, "runs_metric", map(_trigger_name, EVENTS))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """List the names of missing triggers."""
    return triggers.missing_triggers(connection, map(_trigger_name, EVENTS))


def restore(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers, and build all pairs again."""
    with transaction.atomic():
        install(connection)
        recount(connection)


def _trigger_name(event: str) -> str:
    return f"{TABLE}_on_{event.lower()}"


def _changed_condition(connection: BaseDatabaseWrapper, event: str) -> str:
    known = 'NEW."min" IS NOT NULL'
    if event == "INSERT":
        return known
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    moved = (f'OLD."{name}" {differs} NEW."{name}"' for name in ("min", "max"))
    return f"{known} AND ({' OR '.join(moved)})"


def _widen_statement(connection: BaseDatabaseWrapper) -> str:
    """The statement that widens the root's pair by a metric's new bounds.

    It writes and locks nothing where the pair already includes them.
    """
    return (
        f"INSERT INTO {TABLE} ({_COLUMNS}) "
        'SELECT r.root_id, NEW.key_id, NEW."min", NEW."max" FROM runs_run r '
        "WHERE r.id = NEW.run_id AND r.root_id IS NOT NULL AND r.deleted IS NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {TABLE} b WHERE b.root_id = r.root_id "
        'AND b.key_id = NEW.key_id AND b."min" <= NEW."min" AND b."max" >= NEW."max") '
        + _on_conflict_widen(connection)
    )


def _collect_statement(connection: BaseDatabaseWrapper, which: str) -> str:
    return (
        f"INSERT INTO {TABLE} ({_COLUMNS}) "
        'SELECT r.root_id, m.key_id, MIN(m."min"), MAX(m."max") FROM runs_run r '
        f"JOIN runs_metric m ON m.run_id = r.id WHERE {which} "
        'AND r.deleted IS NULL AND m."min" IS NOT NULL GROUP BY r.root_id, m.key_id '
        + _on_conflict_widen(connection)
    )


def _on_conflict_widen(connection: BaseDatabaseWrapper) -> str:
    is_postgresql = connection.vendor == "postgresql"
    least, greatest = ("LEAST", "GREATEST") if is_postgresql else ("MIN", "MAX")
    return (
        "ON CONFLICT (root_id, key_id) DO UPDATE SET "
        f'"min" = {least}({TABLE}."min", excluded."min"), '
        f'"max" = {greatest}({TABLE}."max", excluded."max")'
    )


def _function_sql(connection: BaseDatabaseWrapper) -> str:
    return f"""
CREATE OR REPLACE FUNCTION runs_widen_root_metric() RETURNS trigger AS $$
BEGIN
  {_widen_statement(connection)};
  RETURN NULL;
END $$ LANGUAGE plpgsql
"""
