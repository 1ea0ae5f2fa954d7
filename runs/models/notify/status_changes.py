"""The outbox of notifications: status changes, in the transaction that made them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runs.models.accounts import Workspace
from runs.models.runs import RunEvent


class StatusChange(models.Model):
    """An event that changed a run's status; deleted after `EVENT_DAYS`.

    A row is open until the worker has created the notifications of it. Events
    themselves can't have such a column, because they are immutable.
    """

    event = models.OneToOneField(
        RunEvent, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="status_changes",
        db_index=False,
    )
    is_open = models.BooleanField(default=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "-event"], name="status_changes_by_arrival"
            ),
            models.Index(
                fields=["event"], condition=Q(is_open=True), name="status_changes_open"
            ),
        ]
