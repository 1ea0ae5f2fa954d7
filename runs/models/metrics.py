"""Metric series: a head per run and key for filters and sorting, and chunks of points.

SQLite stores NaN as NULL, so a NaN is stored as NULL with a flag. `last` is the point
with the highest (step, time, arrival); `min` and `max` skip NaN.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.experiments import Experiment
from runs.models.runs import Run
from runs.models.texts import Key


class MetricKind(models.TextChoices):
    """The type of a series, as in the v1 SDK."""

    SERIES = "series"
    LIST = "list"
    TABLE = "table"
    IMAGE = "image"
    CONFUSION_MATRIX = "confusion_matrix"
    ACCURACY_TABLE = "accuracy_table"
    RESIDUALS = "residuals"
    PREDICTIONS = "predictions"


def metric_kinds() -> list[tuple[str, str]]:
    return list(MetricKind.choices)


class Metric(models.Model):
    """The head of a series."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="metrics", db_index=False
    )
    key = models.ForeignKey(
        Key, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(
        max_length=20, choices=metric_kinds, default=MetricKind.SERIES
    )
    count = models.PositiveBigIntegerField(default=0)
    last = models.FloatField(null=True)
    last_is_nan = models.BooleanField(default=False)
    # The last value where it is not a number: text, bool, null or a big integer.
    last_text = models.TextField(null=True)
    last_step = models.BigIntegerField(default=0)
    last_time = models.BigIntegerField(default=0)
    min = models.FloatField(null=True)
    max = models.FloatField(null=True)
    first = models.FloatField(null=True)
    first_is_nan = models.BooleanField(default=False)
    first_step = models.BigIntegerField(default=0)
    first_time = models.BigIntegerField(default=0)
    # The next step for SDK points without one: they count 0, 1, 2, … per name.
    next_step = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "key"], name="metric_once")
        ]
        # Lists are sorted and filtered by last, min and max.
        indexes: ClassVar = [
            models.Index(fields=["key", "run"]),
            models.Index(fields=["key", "last", "run"], name="metric_by_last"),
            models.Index(fields=["key", "min", "run"], name="metric_by_min"),
            models.Index(fields=["key", "max", "run"], name="metric_by_max"),
        ]


class MetricChunk(models.Model):
    """Many points of a series, as packed arrays (see `runs.storage`).

    The bounds let readers skip chunks, and let the duplicate check read only the chunks
    that can contain the point. Each append rewrites the unsealed last chunk. A full one
    is merged into the chunk before it.
    """

    metric = models.ForeignKey(
        Metric, on_delete=models.CASCADE, related_name="chunks", db_index=False
    )
    number = models.PositiveIntegerField()
    # Most series are floats alone, whose encoding is the smallest.
    encoding = models.CharField(max_length=8)
    sealed = models.BooleanField(default=False)
    count = models.PositiveIntegerField()
    min_step = models.BigIntegerField()
    max_step = models.BigIntegerField()
    min_time = models.BigIntegerField()
    max_time = models.BigIntegerField()
    data = models.BinaryField()
    # Sparse: [[index, {"model_id": …, "dataset_name": …, "dataset_digest": …}], …]
    notes = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["metric", "number"], name="metric_chunk_once"
            )
        ]


class IngestBatch(models.Model):
    """An applied batch: a repeated one is recognized, however late it comes."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="batches", db_index=False
    )
    writer = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    time = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "writer", "sequence"], name="ingest_batch_once"
            )
        ]


class MetricGoal(models.Model):
    """Whether a higher or a lower value of a metric is better, in one experiment."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="goals", db_index=False
    )
    key = models.ForeignKey(
        Key, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    higher = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["experiment", "key"], name="metric_goal_once"
            )
        ]
