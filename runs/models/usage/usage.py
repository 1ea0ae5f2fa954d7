"""How much a workspace stores, by day, and how much it may store."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.accounts import Workspace


class StorageReport(models.Model):
    """What a workspace stored on a day, in bytes, as the worker counted it.

    A later count of the same day replaces it. `by_kind` has the bytes of each kind of
    data (`runs.search.usage`). The lists have pairs of a key and such a mapping, for
    the largest experiments, runs and members; old reports have no lists.
    """

    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="storage_reports",
        db_index=False,
    )
    # Days since 1970-01-01, in UTC.
    day = models.IntegerField()
    counted = models.BigIntegerField()
    # The newest file then: later ones are added to what is counted.
    last_file = models.BigIntegerField(default=0)
    by_kind = models.JSONField(default=dict)
    by_experiment = models.JSONField(default=list)
    by_run = models.JSONField(default=list)
    by_member = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "day"], name="storage_report_once"
            )
        ]

    @property
    def total(self) -> int:
        """All bytes, of every kind."""
        kinds: dict[str, int] = self.by_kind
        return sum(kinds.values())


class StorageSettings(models.Model):
    """The quota of a workspace, and requests to count. No row: no quota."""

    workspace = models.OneToOneField(
        Workspace,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="storage_settings",
    )
    # In bytes; None is no limit.
    quota = models.BigIntegerField(null=True, blank=True)
    # When a member last asked for a count, in ms.
    requested = models.BigIntegerField(default=0)
    # Whether owners were told that the quota is nearly used up.
    is_warned = models.BooleanField(default=False, db_default=False)
