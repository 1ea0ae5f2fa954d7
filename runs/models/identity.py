"""The identity that ties a database to its home folder, and the worker's clock."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class StudioIdentity(models.Model):
    """The single row; the home folder's file `identity` holds the same 32 characters.

    Times are in milliseconds. `last_seen` is when the worker last looked at the clock,
    and before `paused_until` nothing expires (`runs.actions.expiry`).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    identity = models.CharField(max_length=32)
    created = models.BigIntegerField()
    last_seen = models.BigIntegerField(null=True, blank=True)
    paused_until = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(id=1), name="studio_identity_once"
            ),
        ]
