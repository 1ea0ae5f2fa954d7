"""The database by itself: its pages, its keys, its triggers, its kept counts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from runs.management import database
from runs.management.backup import ReportProgress, sqlite_faults
from runs.management.verify.findings import Fault, Finding
from runs.models import MetricChunk, file_totals, rollups
from runs.storage.metrics import unpack_row

#: What unpacking raises over bytes that are none of its own.
UNREADABLE = (ValueError, KeyError, IndexError, TypeError, struct.error, zlib.error)

#: The phase of the check, as it is reported.
POINTS = "metric points"

_COUNTED_BY = "experiment_id, status, parent_id IS NULL, archived IS NOT NULL"
#: One statement, so one moment, also while runs arrive.
_WRONG_COUNTS = f"""
SELECT COUNT(*) FROM (
  SELECT e FROM (
    SELECT experiment_id AS e, status AS s, parent_id IS NULL AS r,
      archived IS NOT NULL AS a, 1 AS n FROM runs_run WHERE deleted IS NULL
    UNION ALL
    SELECT experiment_id, status, is_root, is_archived, -runs FROM {rollups.TABLE}
    WHERE experiment_id IN (SELECT id FROM runs_experiment)
  ) AS parts GROUP BY e, s, r, a HAVING SUM(n) <> 0
) AS wrong
"""


def check_database(report: ReportProgress, *, full: bool) -> Iterator[Finding]:
    if connection.vendor == "sqlite":
        yield from _check_sqlite(full=full)
    for name in database.missing_triggers():
        yield Finding(Fault.DERIVED, f"The trigger {name} is missing")
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_COUNTS)
        wrong = cursor.fetchone()[0]
    if wrong:
        text = f"{wrong:,} counts of runs by experiment and status are wrong"
        yield Finding(Fault.DERIVED, text)
    if wrong := file_totals.count_wrong(connection):
        text = f"{wrong:,} totals of the files of a run or model are wrong"
        yield Finding(Fault.DERIVED, text)
    if full:
        yield from _check_chunks(report)


def _check_sqlite(*, full: bool) -> Iterator[Finding]:
    path = Path(str(connection.settings_dict["NAME"]))
    for line in sqlite_faults(path):
        yield Finding(Fault.DATABASE, line)
    with connection.cursor() as cursor:
        if full:
            # Also each index against its table, which takes Django's connection: some
            # are over functions that it has.
            cursor.execute("PRAGMA integrity_check(20)")
            for (line,) in cursor.fetchall():
                if line != "ok":
                    yield Finding(Fault.DATABASE, line)
        cursor.execute("PRAGMA foreign_key_check")
        for table, row, parent, _number in cursor.fetchall():
            text = f"{table}, row {row}: its row in {parent} is missing"
            yield Finding(Fault.DATABASE, text)


def _check_chunks(report: ReportProgress) -> Iterator[Finding]:
    total = MetricChunk.objects.count()
    rows = MetricChunk.objects.order_by("pk").select_related("metric__run")
    for done, row in enumerate(rows.iterator(chunk_size=500), 1):
        report(POINTS, done, total)
        if not _is_readable(row):
            where = f"run {row.metric.run.run_id}, metric {row.metric_id}"
            yield Finding(Fault.CHUNK, f"{where}, part {row.number}")


def _is_readable(row: MetricChunk) -> bool:
    try:
        return len(unpack_row(row)) == row.count
    except UNREADABLE:
        return False


def repair_triggers_and_counts(findings: list[Finding]) -> list[Finding]:
    """Install missing triggers, and count again what was counted without them."""
    if not any(one.fault is Fault.DERIVED for one in findings):
        return findings
    database.restore_triggers(lambda _text: None)
    rollups.restore(connection)
    file_totals.restore(connection)
    return [
        one.as_repaired() if one.fault is Fault.DERIVED else one for one in findings
    ]
