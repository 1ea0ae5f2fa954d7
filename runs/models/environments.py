"""Environments that members registered by name, for the runs that they submit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.accounts import User, Workspace


class RegisteredEnvironment(models.Model):
    """One version of a named environment; it never changes.

    `content` is JSON text with the keys of v1 (`core.run_definition`), without name and
    version. `digest` is its SHA-256: the same content is the same version.
    """

    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="environments",
        # The constraints below begin with it.
        db_index=False,
    )
    name = models.CharField(max_length=255)
    version = models.PositiveIntegerField()
    content = models.TextField()
    digest = models.CharField(max_length=64)
    created = models.BigIntegerField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name", "version"], name="environment_version_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "name", "digest"], name="environment_content_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"
