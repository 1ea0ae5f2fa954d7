"""Writers, log streams, snapshots, uploads: what the SDK delivers is stored once.

A writer is one process that logs to a run. It numbers its rows, and the server stores
the next number that it expects. So a repeated row is recognized by its number, however
the batches are split and however late they are repeated.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import Workspace
from runs.models.logged import LoggedModel
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


class Upload(models.Model):
    """A file that arrives in pieces. It is no file of its owner until it is complete.

    The pieces are written into one blob, which then belongs to the file's row. `size`
    is unknown while an MLflow client sends numbered parts.
    """

    # Its id in the APIs, and the name of its blob: random, so it can't be guessed.
    blob = models.CharField(max_length=64, unique=True)
    run = models.ForeignKey(
        Run, null=True, on_delete=models.CASCADE, related_name="uploads"
    )
    model = models.ForeignKey(
        LoggedModel, null=True, on_delete=models.CASCADE, related_name="uploads"
    )
    path = models.CharField(max_length=5000)
    size = models.BigIntegerField(null=True)
    # Chosen by the client: it finds its upload again after a restart.
    key = models.CharField(max_length=64, blank=True, default="")
    # Of an MLflow upload: how many parts, and the size of all but the last.
    parts = models.IntegerField(null=True)
    part_size = models.BigIntegerField(null=True)
    overwrite = models.BooleanField(default=True)
    created = models.BigIntegerField()
    # When the last piece arrived.
    updated = models.BigIntegerField()
    # The result, so that a repeated request to complete it gets the same answer.
    completed = models.BigIntegerField(null=True)
    # The key of the file's row. No foreign key: each deletion of files would look here.
    file_key = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(run__isnull=False, model__isnull=True)
                | Q(run__isnull=True, model__isnull=False),
                name="upload_has_one_home",
            ),
            models.UniqueConstraint(
                fields=["run", "key"],
                condition=Q(run__isnull=False, completed__isnull=True) & ~Q(key=""),
                name="run_upload_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["updated"], name="upload_updated")]


class UploadPiece(models.Model):
    """A stored piece of an upload.

    Its number is its offset in bytes, or the number of an MLflow client's part. The
    last part can arrive before its offset is known: then it has a blob of its own.
    """

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces")
    number = models.BigIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    blob = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["upload", "number"], name="upload_piece_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["blob"], condition=~Q(blob=""), name="upload_piece_blob"
            ),
        ]
