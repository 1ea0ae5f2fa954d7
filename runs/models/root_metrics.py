"""The least and the greatest value of a metric below a root: kept, not looked for.

In the tree a root without a value of its own sorts by the best one of all its
descendants. Triggers on the heads of series widen the pair of the run's root; a root
without children has no pair and pays for a look-up. What narrows a pair (a run that is
purged or put into the trash, a tree that is hung below another) builds the root's pairs
anew: `rebuild`. Trashed runs do not count; those of a trashed experiment do.

Django's SQLite migrations rebuild tables and drop triggers; the start then calls
`restore`, as a migration that alters the table of heads must.
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
    """What all descendants of a root, and not the root itself, logged of a metric."""

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


def rebuild(roots: Collection[int | None]) -> None:
    """Build the pairs of these roots anew; the caller holds a transaction.

    The pairs are locked in the order in which a batch of points locks them.
    """
    known = sorted({root for root in roots if root is not None})
    if not known:
        return
    pairs = RootMetric.objects.filter(root__in=known)
    list(pairs.select_for_update(of=("self",)).order_by("key__name", "root"))
    pairs.delete()
    marks = ", ".join(["%s"] * len(known))
    with default.cursor() as cursor:
        cursor.execute(_gathered(default, f"r.root_id IN ({marks})"), known)


def is_extreme(run: int, root: int | None) -> bool:
    """Whether one of the root's pairs would be narrower without this run."""
    with default.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM runs_metric m JOIN {TABLE} b ON b.key_id = m.key_id "
            "WHERE m.run_id = %s AND b.root_id = %s "
            'AND (m."min" <= b."min" OR m."max" >= b."max") LIMIT 1',
            [run, root],
        )
        return cursor.fetchone() is not None


def recount(connection: BaseDatabaseWrapper) -> None:
    """Build all pairs anew. Nobody may write meanwhile: PostgreSQL is told so."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE runs_metric IN SHARE MODE")
        cursor.execute(f"DELETE FROM {TABLE}")
        cursor.execute(_gathered(connection, "r.root_id IS NOT NULL"))


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are not there. Safe to repeat."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_function(connection))
        for event in EVENTS:
            when = 'UPDATE OF "min", "max"' if event == "UPDATE" else event
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {_name(event)} AFTER {when} ON "
                    f"runs_metric FOR EACH ROW WHEN ({_changed(connection, event)}) "
                    "EXECUTE FUNCTION runs_widen_root_metric()"
                )
            else:
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {_name(event)} AFTER {when} ON "
                    f"runs_metric WHEN {_changed(connection, event)} "
                    f"BEGIN {_widened(connection)}; END"
                )


def remove(connection: BaseDatabaseWrapper) -> None:
    triggers.drop(connection, "runs_metric", map(_name, EVENTS))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of triggers that should be there and are not."""
    return triggers.missing(connection, map(_name, EVENTS))


def restore(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers, and gather what changed without them."""
    with transaction.atomic():
        install(connection)
        recount(connection)


def _name(event: str) -> str:
    return f"{TABLE}_on_{event.lower()}"


def _changed(connection: BaseDatabaseWrapper, event: str) -> str:
    known = 'NEW."min" IS NOT NULL'
    if event == "INSERT":
        return known
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    moved = (f'OLD."{name}" {differs} NEW."{name}"' for name in ("min", "max"))
    return f"{known} AND ({' OR '.join(moved)})"


def _widened(connection: BaseDatabaseWrapper) -> str:
    """The statement that takes a head's new bounds into the pair of its run's root.

    Where the pair has them already nothing is written, and so no row locked.
    """
    return (
        f"INSERT INTO {TABLE} ({_COLUMNS}) "
        'SELECT r.root_id, NEW.key_id, NEW."min", NEW."max" FROM runs_run r '
        "WHERE r.id = NEW.run_id AND r.root_id IS NOT NULL AND r.deleted IS NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {TABLE} b WHERE b.root_id = r.root_id "
        'AND b.key_id = NEW.key_id AND b."min" <= NEW."min" AND b."max" >= NEW."max") '
        + _or_widen(connection)
    )


def _gathered(connection: BaseDatabaseWrapper, which: str) -> str:
    return (
        f"INSERT INTO {TABLE} ({_COLUMNS}) "
        'SELECT r.root_id, m.key_id, MIN(m."min"), MAX(m."max") FROM runs_run r '
        f"JOIN runs_metric m ON m.run_id = r.id WHERE {which} "
        'AND r.deleted IS NULL AND m."min" IS NOT NULL GROUP BY r.root_id, m.key_id '
        + _or_widen(connection)
    )


def _or_widen(connection: BaseDatabaseWrapper) -> str:
    is_postgresql = connection.vendor == "postgresql"
    least, greatest = ("LEAST", "GREATEST") if is_postgresql else ("MIN", "MAX")
    return (
        "ON CONFLICT (root_id, key_id) DO UPDATE SET "
        f'"min" = {least}({TABLE}."min", excluded."min"), '
        f'"max" = {greatest}({TABLE}."max", excluded."max")'
    )


def _function(connection: BaseDatabaseWrapper) -> str:
    return f"""
CREATE OR REPLACE FUNCTION runs_widen_root_metric() RETURNS trigger AS $$
BEGIN
  {_widened(connection)};
  RETURN NULL;
END $$ LANGUAGE plpgsql
"""
