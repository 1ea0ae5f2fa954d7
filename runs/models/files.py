"""Files of runs and logged models, and what the index of log texts has of them.

`runs.storage` stores their bytes, and the index itself.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.models.functions import Left
from django.db.models.lookups import Exact

from runs.models import triggers
from runs.models.accounts import Workspace
from runs.models.functions import PathOrder
from runs.models.logged import LoggedModel
from runs.models.runs import Run


def path_key(path: str) -> bytes:
    """Hash a path for an index, which cannot hold 5,000 characters."""
    return hashlib.sha256(path.encode()).digest()


def in_folder(path: str) -> Q:
    """The condition of files in a folder, or in folders below it."""
    start = f"{path}/"
    # SQLite's LIKE ignores case, so the beginning is compared too.
    begins = Q(Exact(Left("folder", len(start)), start))
    return Q(folder=path) | Q(folder__startswith=start) & begins


class File(models.Model):
    """A file by its path, which is `folder/name` (folder is empty at the top).

    Overwriting keeps the old row with `replaced` set; it is deleted 30 days later.
    """

    # The index `file_by_run` begins with it.
    run = models.ForeignKey(
        Run,
        null=True,
        on_delete=models.CASCADE,
        related_name="files",
        db_index=False,
    )
    model = models.ForeignKey(
        LoggedModel, null=True, on_delete=models.CASCADE, related_name="files"
    )
    folder = models.CharField(max_length=5000, blank=True, default="")
    name = models.CharField(max_length=1024)
    path_key = models.BinaryField(max_length=32)
    blob = models.CharField(max_length=64, unique=True)
    # The file is this many bytes of the blob; a log's blob can have more.
    size = models.BigIntegerField()
    # Empty for a log, which still grows.
    sha256 = models.CharField(max_length=64)
    created = models.BigIntegerField()
    replaced = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(run__isnull=False, model__isnull=True)
                | Q(run__isnull=True, model__isnull=False),
                name="file_has_one_home",
            ),
            # One constraint per kind of owner: NULL is never equal to NULL.
            models.UniqueConstraint(
                fields=["run", "path_key"],
                condition=Q(replaced__isnull=True, run__isnull=False),
                name="run_file_once",
            ),
            models.UniqueConstraint(
                fields=["model", "path_key"],
                condition=Q(replaced__isnull=True, model__isnull=False),
                name="model_file_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["replaced"],
                condition=Q(replaced__isnull=False),
                name="file_replaced",
            ),
            # The newest files of a run are found without those of other runs.
            models.Index(fields=["run", "id"], name="file_by_run"),
            # A folder of a run is read from its place in this order.
            models.Index(
                F("run"),
                PathOrder(F("folder")),
                PathOrder(F("name")),
                condition=Q(replaced__isnull=True, run__isnull=False),
                name="file_by_folder",
            ),
        ]

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    @property
    def version(self) -> str:
        """Changes whenever the bytes change; the ETag is made from it."""
        return self.sha256 or f"{self.blob}-{self.size}"


class BlobRemoval(models.Model):
    """A blob whose row was deleted, until its bytes are removed as well.

    The transaction that deletes a file's or snapshot's row adds it. A crash or a backup
    can leave such rows; the sweep handles them (`runs.actions.files`).
    """

    blob = models.CharField(max_length=64, unique=True)
    created = models.BigIntegerField()


class IndexedLog(models.Model):
    """A log that the index knows, and how much of it is searched.

    The last block of a growing log is indexed again, from `last_block` on. A log that
    `is_complete` does not grow any more, and all of it is indexed.
    """

    file = models.OneToOneField(
        File, primary_key=True, on_delete=models.CASCADE, related_name="indexed_log"
    )
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    indexed = models.BigIntegerField(default=0)
    last_block = models.BigIntegerField(default=0)
    # When the worker last looked at it, in ms.
    checked = models.BigIntegerField(default=0)
    is_complete = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "checked"],
                condition=Q(is_complete=False),
                name="log_to_index",
            ),
        ]


class LogSegment(models.Model):
    """A file of the index, with its size and that of the texts that it covers."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="log_segments"
    )
    name = models.CharField(max_length=32, unique=True)
    blocks = models.IntegerField()
    size = models.BigIntegerField()
    text_size = models.BigIntegerField()
    # Files that it covers were deleted: the worker writes it again without them.
    has_deleted = models.BooleanField(default=False)


class LogIndexSettings(models.Model):
    """Whether logs of a workspace are indexed, and up to which file they are known.

    Files are found in the order of their keys. Without a row the index is on.
    """

    workspace = models.OneToOneField(
        Workspace,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="log_index_settings",
    )
    is_on = models.BooleanField(default=True)
    last_file = models.BigIntegerField(default=0)


_TOTALS = "runs_filetotal"
_EVENTS = ("INSERT", "UPDATE", "DELETE")
_OWNERS = ("run_id", "model_id")
_COUNTED = "SELECT {owner}, COUNT(*), SUM(size) FROM runs_file"
_CURRENT = "WHERE replaced IS NULL AND {owner} IS NOT NULL GROUP BY {owner}"


class FileTotal(models.Model):
    """The current files of a run, or of a logged model; no row means none."""

    # Without constraints: the files of a purged run change it until its end.
    run = models.OneToOneField(
        Run,
        null=True,
        on_delete=models.CASCADE,
        related_name="file_total",
        db_constraint=False,
    )
    model = models.OneToOneField(
        LoggedModel,
        null=True,
        on_delete=models.CASCADE,
        related_name="file_total",
        db_constraint=False,
    )
    files = models.BigIntegerField()
    bytes = models.BigIntegerField()


class FileTotalTriggers:
    """Keep the totals: triggers change one in the transaction of each change of files.

    So no code that saves, appends or deletes can forget it. Code that changes files has
    locked the row of their owner: writers of one owner take turns, and no others wait.
    Replaced and deleted files do not count.
    """

    def recount(self, connection: BaseDatabaseWrapper) -> None:
        """Count all files again; the lock keeps other writers out."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("LOCK TABLE runs_file IN SHARE MODE")
            cursor.execute(f"DELETE FROM {_TOTALS}")
            for owner in _OWNERS:
                counted = f"{_COUNTED} {_CURRENT}".format(owner=owner)
                cursor.execute(
                    f"INSERT INTO {_TOTALS} ({owner}, files, bytes) {counted}"
                )

    def count_wrong(self, connection: BaseDatabaseWrapper) -> int:
        """Return how many totals differ from the files, in one statement."""
        parts = []
        for owner in _OWNERS:
            counted = f"{_COUNTED} {_CURRENT}".format(owner=owner)
            kept = f"SELECT {owner}, files, bytes FROM {_TOTALS}"
            kept += f" WHERE {owner} IS NOT NULL AND (files <> 0 OR bytes <> 0)"
            for one, other in ((counted, kept), (kept, counted)):
                found = (
                    f"SELECT * FROM ({one}) AS a EXCEPT SELECT * FROM ({other}) AS b"
                )
                parts.append(f"SELECT COUNT(*) AS n FROM ({found}) AS wrong")
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT MAX(n) FROM ({' UNION ALL '.join(parts)}) AS counts"
            )
            row = cursor.fetchone()
        return int(row[0])

    def install(self, connection: BaseDatabaseWrapper) -> None:
        """Create the missing triggers. Safe to repeat."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_function_sql())
            for event in _EVENTS:
                when = "UPDATE OF size, replaced" if event == "UPDATE" else event
                trigger = f"{_trigger_name(event)} AFTER {when} ON runs_file"
                if connection.vendor == "postgresql":
                    cursor.execute(
                        f"CREATE OR REPLACE TRIGGER {trigger} FOR EACH ROW "
                        "EXECUTE FUNCTION runs_total_files()"
                    )
                else:
                    statements = " ".join(_statements(event))
                    cursor.execute(
                        f"CREATE TRIGGER IF NOT EXISTS {trigger} BEGIN {statements} END"
                    )

    def remove(self, connection: BaseDatabaseWrapper) -> None:
        triggers.drop_triggers(connection, "runs_file", map(_trigger_name, _EVENTS))

    def missing(self, connection: BaseDatabaseWrapper) -> list[str]:
        """List the names of missing triggers."""
        return triggers.missing_triggers(connection, map(_trigger_name, _EVENTS))

    def restore(self, connection: BaseDatabaseWrapper) -> None:
        """Install the triggers, and count all files again."""
        with transaction.atomic():
            self.install(connection)
            self.recount(connection)


def _trigger_name(event: str) -> str:
    return f"{_TOTALS}_on_{event.lower()}"


def _statements(event: str) -> list[str]:
    """The statements that change the totals of one row's owner."""
    added = [_change_statement("NEW", 1, owner) for owner in _OWNERS]
    removed = [_change_statement("OLD", -1, owner) for owner in _OWNERS]
    found = {"INSERT": added, "DELETE": removed, "UPDATE": [*removed, *added]}
    return found[event]


def _change_statement(row: str, sign: int, owner: str) -> str:
    condition = f"{row}.{owner} IS NOT NULL AND {row}.replaced IS NULL"
    if sign < 0:
        return (
            f"UPDATE {_TOTALS} SET files = files - 1, bytes = bytes - {row}.size "
            f"WHERE {owner} = {row}.{owner} AND {condition};"
        )
    return (
        f"INSERT INTO {_TOTALS} ({owner}, files, bytes) "
        f"SELECT {row}.{owner}, 1, {row}.size WHERE {condition} "
        f"ON CONFLICT ({owner}) DO UPDATE SET files = {_TOTALS}.files + 1, "
        f"bytes = {_TOTALS}.bytes + excluded.bytes;"
    )


def _function_sql() -> str:
    insert, update, delete = (" ".join(_statements(event)) for event in _EVENTS)
    return f"""
CREATE OR REPLACE FUNCTION runs_total_files() RETURNS trigger AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN {insert}
  ELSIF TG_OP = 'DELETE' THEN {delete}
  ELSE {update}
  END IF;
  RETURN NULL;
END $$ LANGUAGE plpgsql
"""


file_totals = FileTotalTriggers()
