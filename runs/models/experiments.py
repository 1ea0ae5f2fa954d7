"""Experiments: named collections of runs in a workspace."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import User, Workspace


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def visible_to(self, user: User) -> ExperimentQuerySet:
        return self.filter(workspace__members__user=user)

    def active(self) -> ExperimentQuerySet:
        return self.filter(deleted__isnull=True)


class Experiment(models.Model):
    """`number` is the id that clients see; 0 is *Default* and exists everywhere.

    Deleting marks this one row: a run counts as deleted if its experiment is.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="experiments"
    )
    # Per workspace, because MLflow clients expect an experiment 0 in each.
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=500)
    description = models.TextField(blank=True, default="")
    # Empty: the server stores the files. Otherwise clients access this address.
    artifact_location = models.CharField(max_length=2000, blank=True, default="")
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.BigIntegerField()
    updated = models.BigIntegerField()
    archived = models.BigIntegerField(null=True, blank=True)
    deleted = models.BigIntegerField(null=True, blank=True)
    # The number of the newest run.
    last_run_number = models.PositiveBigIntegerField(default=0)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"], name="experiment_name_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "number"], name="experiment_number_once"
            ),
            models.CheckConstraint(
                condition=Q(deleted__isnull=True) | ~Q(number=0),
                name="default_experiment_stays",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "deleted"],
                condition=Q(deleted__isnull=False),
                name="experiment_in_trash",
            )
        ]

    def __str__(self) -> str:
        return self.name


class FormerExperimentName(models.Model):
    """A name that an experiment had: its old addresses lead to the new one.

    The name is free for another experiment, whose address then wins.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=500)
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="former_names"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"], name="former_experiment_name_once"
            )
        ]


class ExperimentTag(models.Model):
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="tags"
    )
    key = models.CharField(max_length=255)
    value = models.TextField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["experiment", "key"], name="experiment_tag_once"
            )
        ]


class ExperimentStar(models.Model):
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="stars"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "experiment"], name="experiment_star_once"
            )
        ]
