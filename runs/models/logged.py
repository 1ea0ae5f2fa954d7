"""Logged models and datasets, as MLflow clients record them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.accounts import Workspace
from runs.models.experiments import Experiment
from runs.models.runs import Run


class LoggedModel(models.Model):
    """A model that a run wrote; its files hang below it, not below the run."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="logged_models"
    )
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="logged_models"
    )
    model_id = models.CharField(max_length=64)
    name = models.CharField(max_length=500)
    status = models.CharField(max_length=40)
    model_type = models.CharField(max_length=500, blank=True, default="")
    # The id as the client gave it; the run itself where it is known here.
    source_id = models.CharField(max_length=256, blank=True, default="")
    source_run = models.ForeignKey(
        Run, null=True, on_delete=models.CASCADE, related_name="logged_models"
    )
    created = models.BigIntegerField()
    updated = models.BigIntegerField()
    deleted = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "model_id"], name="logged_model_id_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["experiment", "name"]),
            models.Index(fields=["workspace", "created"], name="logged_model_created"),
            models.Index(fields=["workspace", "name"], name="logged_model_name"),
            models.Index(fields=["workspace", "model_type"], name="logged_model_type"),
        ]


class LoggedModelText(models.Model):
    key = models.CharField(max_length=255)
    value = models.TextField(blank=True, default="")

    class Meta:
        abstract = True


class LoggedModelParam(LoggedModelText):
    model = models.ForeignKey(
        LoggedModel, on_delete=models.CASCADE, related_name="params"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["model", "key"], name="logged_model_param_once"
            )
        ]


class LoggedModelTag(LoggedModelText):
    model = models.ForeignKey(
        LoggedModel, on_delete=models.CASCADE, related_name="tags"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["model", "key"], name="logged_model_tag_once"
            )
        ]


class LoggedModelMetric(models.Model):
    """The latest value of a metric that was logged with the model's id."""

    model = models.ForeignKey(
        LoggedModel, on_delete=models.CASCADE, related_name="metrics"
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    value = models.FloatField(null=True)
    is_nan = models.BooleanField(default=False)
    step = models.BigIntegerField(default=0)
    time = models.BigIntegerField()
    dataset_name = models.CharField(max_length=500, blank=True, default="")
    dataset_digest = models.CharField(max_length=36, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["model", "run", "key", "dataset_name", "dataset_digest"],
                name="logged_model_metric_once",
            )
        ]


class Dataset(models.Model):
    """A dataset that runs of an experiment read: its source and what it is like."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="datasets"
    )
    name = models.CharField(max_length=500)
    digest = models.CharField(max_length=36)
    source_type = models.CharField(max_length=255)
    source = models.TextField()
    schema = models.TextField(blank=True, default="")
    profile = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["experiment", "name", "digest"], name="dataset_once"
            )
        ]


class RunDataset(models.Model):
    """A run read a dataset. `context` is MLflow's tag `mlflow.data.context`."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="datasets")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="uses")
    context = models.CharField(max_length=500, blank=True, default="")
    tags = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "dataset"], name="run_dataset_once")
        ]


class Direction(models.TextChoices):
    INPUT = "input"
    OUTPUT = "output"


def directions() -> list[tuple[str, str]]:
    return list(Direction.choices)


class RunModel(models.Model):
    """A run read or wrote a model. Ids of models that never arrived are kept too."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="models")
    model_id = models.CharField(max_length=64)
    direction = models.CharField(max_length=6, choices=directions)
    step = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "model_id", "direction"], name="run_model_once"
            )
        ]
        # For the runs that read or wrote one model.
        indexes: ClassVar = [models.Index(fields=["model_id"], name="run_model_by_id")]
