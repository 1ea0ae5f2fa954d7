"""The model registry: named models, their numbered versions, and aliases of versions.

A version has no files of its own. It points to a logged model, or to a path among the
files of a run.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import User, Workspace
from runs.models.logged import LoggedModel
from runs.models.runs import Run


class ModelStage(models.TextChoices):
    """MLflow's stages, for clients that don't use aliases yet."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"


def stages() -> list[tuple[str, str]]:
    return list(ModelStage.choices)


class RegisteredModel(models.Model):
    """A name under which versions of a model are registered."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="registered_models"
    )
    name = models.CharField(max_length=256)
    description = models.TextField(blank=True, default="")
    # A number is never used again, not even after its version was deleted.
    last_version = models.PositiveIntegerField(default=0)
    # Kept for lists, which sort by them: of the versions that exist, 0 for none.
    version_count = models.PositiveIntegerField(default=0)
    latest_version = models.PositiveIntegerField(default=0)
    created = models.BigIntegerField()
    updated = models.BigIntegerField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"], name="registered_model_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-updated", "-id"], name="model_updated")
        ]

    def __str__(self) -> str:
        return self.name


class RegisteredModelStar(models.Model):
    """A member's star on a registered model."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="stars"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "model"], name="registered_model_star_once"
            )
        ]


class RegisteredModelTag(models.Model):
    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="tags"
    )
    key = models.CharField(max_length=255)
    value = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["model", "key"], name="registered_model_tag_once"
            )
        ]


class ModelVersion(models.Model):
    """A numbered version: where its files are, who registered it and from which run.

    Exactly one of `logged_model` and `files_run` is set: `path` is relative to the
    files of either, and empty for all of them.
    """

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField()
    # As the client gave it; the columns below say what it names.
    source = models.TextField()
    logged_model = models.ForeignKey(
        LoggedModel, null=True, on_delete=models.RESTRICT, related_name="versions"
    )
    files_run = models.ForeignKey(
        Run, null=True, on_delete=models.RESTRICT, related_name="versions_of_files"
    )
    path = models.CharField(max_length=5000, blank=True, default="")
    # The run that wrote the model, where one is known.
    run = models.ForeignKey(
        Run, null=True, on_delete=models.RESTRICT, related_name="model_versions"
    )
    run_link = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    stage = models.CharField(max_length=10, choices=stages, default=ModelStage.NONE)
    # Of v1 clients: the framework, its version, and properties, which never change.
    framework = models.CharField(max_length=100, blank=True, default="")
    framework_version = models.CharField(max_length=100, blank=True, default="")
    properties = models.JSONField(default=dict)
    size = models.BigIntegerField(null=True)
    # Of a client that repeats requests: the same id again returns this version.
    request_id = models.CharField(max_length=64, blank=True, default="")
    created = models.BigIntegerField()
    updated = models.BigIntegerField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["model", "number"], name="model_version_once"
            ),
            models.CheckConstraint(
                condition=Q(logged_model__isnull=True, files_run__isnull=False)
                | Q(logged_model__isnull=False, files_run__isnull=True),
                name="model_version_has_files",
            ),
            models.UniqueConstraint(
                fields=["model", "request_id"],
                condition=~Q(request_id=""),
                name="model_version_request_once",
            ),
        ]
        indexes: ClassVar = [
            # The latest version of each stage, which MLflow's clients read.
            models.Index(
                fields=["model", "stage", "-number"], name="model_stage_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} {self.number}"


class ModelVersionTag(models.Model):
    version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="tags"
    )
    key = models.CharField(max_length=255)
    value = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version", "key"], name="model_version_tag_once"
            )
        ]


class ModelAlias(models.Model):
    """A name that can be moved from version to version, such as `champion`."""

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="aliases"
    )
    version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="aliases"
    )
    name = models.CharField(max_length=255)
    # Why the alias was moved here, and by whom.
    note = models.TextField(blank=True, default="")
    moved = models.BigIntegerField()
    moved_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "name"], name="model_alias_once")
        ]
