"""Alert rules, the alerts that they fired, and the runs that matched.

Times are milliseconds since the epoch.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_noop

from runs.models.accounts import User, Workspace
from runs.models.runs import Run


class Severity(models.IntegerChoices):
    """As in Azure Monitor: 0 is the worst."""

    CRITICAL = 0, gettext_noop("Critical")
    ERROR = 1, gettext_noop("Error")
    WARNING = 2, gettext_noop("Warning")
    INFORMATIONAL = 3, gettext_noop("Informational")
    VERBOSE = 4, gettext_noop("Verbose")


def severities() -> list[tuple[int, str]]:
    return list(Severity.choices)


class AlertCondition(models.TextChoices):
    """What a run that matches the filter must do."""

    STATUS = "status", gettext_noop("Status becomes")
    DURATION = "duration", gettext_noop("Runs longer than")
    METRIC = "metric", gettext_noop("Metric")
    QUEUE = "queue", gettext_noop("Queued longer than")
    HEARTBEAT = "heartbeat", gettext_noop("No heartbeat for")
    COUNT = "count", gettext_noop("Many runs become")
    LOG = "log", gettext_noop("A line of a log contains")
    ENTERED = "entered", gettext_noop("Enters view")
    LEFT = "left", gettext_noop("Leaves view")


def alert_conditions() -> list[tuple[str, str]]:
    return list(AlertCondition.choices)


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    def active(self) -> AlertRuleQuerySet:
        return self.filter(deleted__isnull=True)

    def enabled(self) -> AlertRuleQuerySet:
        return self.active().filter(is_enabled=True)


class AlertRule(models.Model):
    """Which runs notify whom. The filter finds what `author` can see.

    `settings` are those of the condition: `statuses`; or `minutes`; or `statuses`,
    `runs` and `minutes`; or `text`; or `metric`, `op`, `value` and `nan`; or `view`,
    the slug of a view.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="alert_rules"
    )
    name = models.CharField(max_length=100)
    q = models.TextField(blank=True, default="")
    condition = models.CharField(max_length=10, choices=alert_conditions)
    settings = models.JSONField(default=dict)
    severity = models.PositiveSmallIntegerField(
        choices=severities, default=Severity.WARNING
    )
    is_enabled = models.BooleanField(default=True)
    #: Notify the submitter of the run, too.
    to_submitter = models.BooleanField(default=False)
    #: At most one message in this number of minutes.
    throttle = models.PositiveIntegerField(default=30)
    #: Minutes without a match after which an alert is resolved; null: only by hand.
    resolve_after = models.PositiveIntegerField(null=True)
    #: The tag that each matching run gets; empty: none.
    tag_key = models.CharField(max_length=250, blank=True, default="", db_default="")
    tag_value = models.TextField(blank=True, default="", db_default="")
    #: Request a cancel of each matching run.
    cancels_run = models.BooleanField(default=False, db_default=False)
    author = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.BigIntegerField()
    changed = models.BigIntegerField()
    deleted = models.BigIntegerField(null=True)
    last_sent = models.BigIntegerField(null=True)
    #: Why the filter could not be used; empty if it could.
    error = models.TextField(blank=True, default="")

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(deleted__isnull=True),
                name="alert_rule_name_once",
            ),
            models.CheckConstraint(
                condition=Q(severity__lte=4), name="alert_severity_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_action(self) -> bool:
        return bool(self.tag_key) or self.cancels_run


class AlertRecipient(models.Model):
    """What a rule knows of a member: that it lists them, or what they chose.

    `is_out` if they unsubscribed from it. A submitter who is not listed can do so, too.
    """

    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, related_name="recipients", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    is_listed = models.BooleanField(default=False)
    is_out = models.BooleanField(default=False)
    muted_until = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "user"], name="alert_recipient_once"
            )
        ]


class FiredAlert(models.Model):
    """A time during which runs matched a rule; `run` is the latest.

    Its name stays when the run is deleted forever.
    """

    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, related_name="fired", db_index=False
    )
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    run_name = models.TextField(blank=True, default="", db_default="")
    started = models.BigIntegerField()
    last = models.BigIntegerField()
    matches = models.PositiveIntegerField(default=0)
    #: Matches that no message has counted yet: the throttle holds them back.
    unsent = models.PositiveIntegerField(default=0)
    acknowledged = models.BigIntegerField(null=True)
    acknowledged_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolved = models.BigIntegerField(null=True)
    #: How many runs the rule tagged, canceled or skipped: numbers by `ActionOutcome`.
    outcomes = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["rule", "-id"], name="fired_alerts_of_rule"),
            models.Index(
                fields=["id"], condition=Q(unsent__gt=0), name="fired_alerts_unsent"
            ),
            models.Index(
                fields=["last"],
                condition=Q(resolved__isnull=True),
                name="fired_alerts_open",
            ),
        ]


class ActionOutcome(models.TextChoices):
    """What a rule did to a run that matched, or why it did nothing."""

    TAGGED = "tagged"
    CANCELED = "canceled"
    LOCKED = "locked"
    #: It has ended, or a cancel was requested already.
    ENDED = "ended"
    TRASHED = "trashed"
    #: The rule's author is no contributor.
    ROLE = "role"
    #: The change was refused.
    FAILED = "failed"


class AlertAction(models.Model):
    """A run that a rule must still tag or cancel: the worker deletes what it did."""

    alert = models.ForeignKey(
        FiredAlert, on_delete=models.CASCADE, related_name="actions", db_index=False
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "run"], name="alert_action_once")
        ]


class AlertMatch(models.Model):
    """A run that met a condition that the worker looks at: it does so once."""

    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, related_name="matches", db_index=False
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    time = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "run"], name="alert_match_once")
        ]
