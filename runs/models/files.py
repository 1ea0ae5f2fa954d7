"""A run's, or a logged model's, files. The bytes are in `storage.files`."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.logged import LoggedModel
from runs.models.runs import Run


def path_key(path: str) -> bytes:
    """What stands for a path in an index, which cannot hold 5,000 characters."""
    return hashlib.sha256(path.encode()).digest()


class File(models.Model):
    """A file by its path, which is `folder/name` (folder is empty at the top).

    Overwriting keeps the old row with `replaced` set; it goes 30 days later.
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
    # So many bytes of the blob are the file: a log's may have more behind them.
    size = models.BigIntegerField()
    # Empty while the file is a log, which grows.
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
        ]

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    @property
    def version(self) -> str:
        """Another one whenever the bytes are others: what an ETag is made of."""
        return self.sha256 or f"{self.blob}-{self.size}"


class BlobRemoval(models.Model):
    """A blob whose row was deleted, until its bytes are removed as well.

    It is written in the transaction that deletes the row of a file or snapshot. What a
    crash or a backup left of these rows, the sweep takes (`actions.sweep`).
    """

    blob = models.CharField(max_length=64, unique=True)
    created = models.BigIntegerField()
