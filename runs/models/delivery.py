"""What arrives from the SDK's spools, so that each piece of it counts once.

A writer is one process that logs to a run. It numbers what it logs, and the server
keeps how far it has come: what was applied is known by its number alone, however the
batches are cut and however late one comes again.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.accounts import Workspace
from runs.models.runs import Run


class RunWriter(models.Model):
    """A process that logs to a run: how far its rows were applied, and its receipt.

    `stored_*` is what is here; `sent_*` is what the writer says that it logged, which
    it tells when it closes (`closed`).
    """

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="writers", db_index=False
    )
    writer = models.CharField(max_length=64)
    # The number of the first row that has not arrived.
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
    """The source files that runs were started from: one archive, shared by its digest.

    `digest` is the archive's SHA-256, and its blob is a file's.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="snapshots", db_index=False
    )
    digest = models.CharField(max_length=64)
    blob = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField()
    files = models.PositiveIntegerField()
    created = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "digest"], name="snapshot_once"
            )
        ]

    @property
    def public_id(self) -> str:
        """Spelled as the v1 SDK's snapshot ids are."""
        parts = (self.digest[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20)))
        return "-".join([*parts, self.digest[20:32]])


class RunSnapshot(models.Model):
    """A run has one snapshot at most, for ever."""

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, related_name="snapshot_link"
    )
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, related_name="links"
    )
