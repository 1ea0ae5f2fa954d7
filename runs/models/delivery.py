"""Writers, log streams and snapshots: what the SDK delivers is stored exactly once.

A writer is one process that logs to a run. It numbers its rows, and the server stores
the next number that it expects. So a repeated row is recognized by its number, however
the batches are split and however late they are repeated.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import Workspace
from runs.models.runs import Run


class RunWriter(models.Model):
    """A process that logs to a run, with its progress and final counts.

    `stored_*` counts what the server stored. `sent_*` counts what the writer logged, as
    the writer reports when it closes (`closed`).
    """

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="writers", db_index=False
    )
    writer = models.CharField(max_length=64)
    # The number of the first row that is still missing.
    next = models.BigIntegerField(default=0)
    stored_points = models.BigIntegerField(default=0)
    stored_files = models.BigIntegerField(default=0)
    sent_points = models.BigIntegerField(default=0)
    sent_files = models.BigIntegerField(default=0)
    sent_log_bytes = models.BigIntegerField(default=0)
    created = models.BigIntegerField()
    closed = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "writer"], name="run_writer_once")
        ]


class LogStream(models.Model):
    """How many bytes of a log a writer has appended; several may write one file."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="log_streams", db_index=False
    )
    writer = models.CharField(max_length=64)
    path_key = models.BinaryField(max_length=32)
    received = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "writer", "path_key"], name="log_stream_once"
            )
        ]


class Snapshot(models.Model):
    """An archive of source files; runs with the same digest share it.

    `digest` is the archive's SHA-256, and its blob is a file's. `tree` identifies the
    files in it, however they were packed (`core.snapshots.tree_hash`); snapshots of
    versions up to 0.2 have none.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="snapshots", db_index=False
    )
    digest = models.CharField(max_length=64)
    blob = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField()
    files = models.PositiveIntegerField()
    created = models.BigIntegerField()
    tree = models.BinaryField(max_length=32, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "digest"], name="snapshot_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "tree"],
                condition=Q(tree__isnull=False),
                name="snapshot_by_tree",
            )
        ]

    @property
    def public_id(self) -> str:
        """The id in the format of the v1 SDK."""
        parts = (self.digest[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20)))
        return "-".join([*parts, self.digest[20:32]])


class RunSnapshot(models.Model):
    """The snapshot of a run: at most one, and never replaced."""

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, related_name="snapshot_link"
    )
    # PROTECT: other runs may share the archive.
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, related_name="links"
    )
