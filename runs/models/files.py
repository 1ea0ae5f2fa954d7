"""Files of runs and logged models, and what the index of log texts has of them.

`runs.storage` stores their bytes, and the index itself.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left
from django.db.models.lookups import Exact

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

    run = models.ForeignKey(
        Run, null=True, on_delete=models.CASCADE, related_name="files"
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
