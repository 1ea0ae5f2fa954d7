"""Channels: other systems that alert rules tell. Times are ms since the epoch."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_noop

from runs.models.accounts import Workspace
from runs.models.notify.alerts import AlertRule


class HookFormat(models.TextChoices):
    """What the body of a webhook looks like."""

    EVENT_GRID = "eventgrid", gettext_noop("Event Grid")
    CLOUD_EVENTS = "cloudevents", gettext_noop("CloudEvents")


def hook_formats() -> list[tuple[str, str]]:
    return list(HookFormat.choices)


class AlertChannel(models.Model):
    """A webhook with a name. Only the server's secret key decrypts its address."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="alert_channels"
    )
    name = models.CharField(max_length=100)
    format = models.CharField(max_length=12, choices=hook_formats)
    address = models.BinaryField()
    secret = models.BinaryField()
    is_enabled = models.BooleanField(default=True)
    created = models.BigIntegerField()
    changed = models.BigIntegerField()
    deleted = models.BigIntegerField(null=True)
    last_tried = models.BigIntegerField(null=True)
    #: Why the last attempt failed; empty if it did not.
    last_error = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(deleted__isnull=True),
                name="alert_channel_name_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AlertRuleChannel(models.Model):
    """A rule tells a channel. The row stays while the channel is deleted."""

    rule = models.ForeignKey(
        AlertRule,
        on_delete=models.CASCADE,
        related_name="channel_rows",
        db_index=False,
    )
    channel = models.ForeignKey(
        AlertChannel, on_delete=models.CASCADE, related_name="rule_rows"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "channel"], name="alert_rule_channel_once"
            )
        ]
