"""What people follow, the notifications in their inboxes, and messages to be sent.

Times are milliseconds since the epoch.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q, Value

from runs.models.accounts import User, Workspace
from runs.models.comments import Comment
from runs.models.experiments import Experiment
from runs.models.notify.alerts import AlertRule
from runs.models.notify.channels import AlertChannel
from runs.models.runs import Run, RunEvent
from runs.models.views import View
from studio.core.statuses import RunStatus

#: The statuses that notify of a run, unless its follower chose others.
DEFAULT_STATUSES = (
    RunStatus.COMPLETED,
    RunStatus.FAILED,
    RunStatus.CANCELED,
    RunStatus.NOT_RESPONDING,
)


def default_statuses() -> list[str]:
    return [status.value for status in DEFAULT_STATUSES]


class Follow(models.Model):
    """A member follows a run, an experiment or what enters a view.

    None of them means their own runs. Runs that entered the view since the last
    message are counted in `unsent`, because messages have a pause between them.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="follows")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="follows"
    )
    run = models.ForeignKey(
        Run,
        null=True,
        on_delete=models.CASCADE,
        related_name="follows",
        db_index=False,
    )
    experiment = models.ForeignKey(
        Experiment,
        null=True,
        on_delete=models.CASCADE,
        related_name="follows",
        db_index=False,
    )
    view = models.ForeignKey(
        View,
        null=True,
        on_delete=models.CASCADE,
        related_name="follows",
        db_index=False,
    )
    unsent = models.PositiveIntegerField(default=0, db_default=0)
    last_sent = models.BigIntegerField(null=True)
    #: The latest run that entered the view.
    latest = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.BigIntegerField()
    #: No mails until then; notifications still arrive in the inbox.
    muted_until = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "user"],
                condition=Q(run__isnull=False),
                name="follow_run_once",
            ),
            models.UniqueConstraint(
                fields=["experiment", "user"],
                condition=Q(experiment__isnull=False),
                name="follow_experiment_once",
            ),
            models.UniqueConstraint(
                fields=["workspace", "user"],
                condition=Q(
                    run__isnull=True, experiment__isnull=True, view__isnull=True
                ),
                name="follow_own_runs_once",
            ),
            models.UniqueConstraint(
                fields=["view", "user"],
                condition=Q(view__isnull=False),
                name="follow_view_once",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=True, experiment__isnull=True)
                | Q(run__isnull=True, view__isnull=True)
                | Q(experiment__isnull=True, view__isnull=True),
                name="follow_one_subject",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=Q(unsent__gt=0), name="follows_unsent"
            ),
        ]


#: What else a mail can tell of: matches of an alert rule, and runs that enter a view.
RULE_EVENT, VIEW_EVENT = "rule", "view"


def all_mail_events() -> list[str]:
    return [*(status.value for status in RunStatus), RULE_EVENT, VIEW_EVENT]


class MailPace(models.TextChoices):
    """Whether each message is a mail, or those of an hour or a day are one."""

    NOW = "now"
    HOUR = "hour"
    DAY = "day"


def mail_paces() -> list[tuple[str, str]]:
    return list(MailPace.choices)


class NotificationSettings(models.Model):
    """A person's choices; without a row the defaults.

    Times of the day are minutes since midnight in the person's time zone.
    """

    user = models.OneToOneField(
        User,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="notification_settings",
    )
    #: Names of the statuses that notify.
    statuses = models.JSONField(default=default_statuses)
    email = models.BooleanField(default=True)
    #: Which events are mails, too: statuses, `RULE_EVENT` and `VIEW_EVENT`.
    mail_events = models.JSONField(
        default=all_mail_events, db_default=Value(all_mail_events(), models.JSONField())
    )
    pace = models.CharField(
        max_length=10, choices=mail_paces, default=MailPace.NOW, db_default="now"
    )
    #: When the mail of a day is sent.
    daily_at = models.PositiveSmallIntegerField(default=480, db_default=480)
    #: No mails between these; they can be on two days. Both or none are set.
    quiet_from = models.PositiveSmallIntegerField(null=True)
    quiet_until = models.PositiveSmallIntegerField(null=True)


class FollowReason(models.TextChoices):
    """Why a person is notified."""

    RUN = "run"
    EXPERIMENT = "exp"
    OWN = "own"
    RULE = "rule"
    MENTION = "mention"
    VIEW = "view"


def follow_reasons() -> list[tuple[str, str]]:
    return list(FollowReason.choices)


def _only(subject: str) -> Q:
    """The notification has this subject, and no other one."""
    subjects = ("event", "comment", "rule", "view")
    return Q(**{f"{name}__isnull": name != subject for name in subjects})


class Notification(models.Model):
    """One message about one event to one person: an entry of the inbox.

    It is about a status change, about a comment that mentions the person, about
    `count` matches of an alert rule, or about `count` runs that entered a view. The
    latest of them is `run`.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="notifications"
    )
    event = models.ForeignKey(
        RunEvent, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    comment = models.ForeignKey(
        Comment, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    rule = models.ForeignKey(
        AlertRule, null=True, on_delete=models.CASCADE, related_name="+"
    )
    view = models.ForeignKey(
        View, null=True, on_delete=models.CASCADE, related_name="+"
    )
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    #: 0 for the test of a rule.
    count = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=10, choices=follow_reasons)
    follow = models.ForeignKey(
        Follow, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: The mail that tells of it together with others.
    digest = models.ForeignKey(
        "Delivery", null=True, on_delete=models.SET_NULL, related_name="entries"
    )
    created = models.BigIntegerField()
    read = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            # The events come first: deleting a run searches them.
            models.UniqueConstraint(
                fields=["event", "user"],
                condition=Q(event__isnull=False),
                name="notify_of_event_once",
            ),
            models.UniqueConstraint(
                fields=["comment", "user"],
                condition=Q(comment__isnull=False),
                name="notify_of_comment_once",
            ),
            models.CheckConstraint(
                condition=_only("event")
                | _only("comment")
                | _only("rule")
                | _only("view"),
                name="notification_has_one_subject",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="notifications_newest"),
            models.Index(
                fields=["user", "-id"],
                condition=Q(read__isnull=True),
                name="notifications_unread",
            ),
            # Old ones are deleted.
            models.Index(fields=["created"], name="notifications_by_age"),
        ]


class DeliveryKind(models.TextChoices):
    NOTIFICATION = "notify"
    #: One mail of several notifications.
    DIGEST = "digest"
    #: The mail with the link that confirms an address.
    CONFIRMATION = "confirm"
    #: The mail with a link that signs in who lost the password.
    SIGN_IN = "sign-in"
    #: The mail that tells an owner of a quota that is nearly used up.
    QUOTA = "quota"
    WEBHOOK = "webhook"


def delivery_kinds() -> list[tuple[str, str]]:
    return list(DeliveryKind.choices)


class DeliveryState(models.TextChoices):
    """WAITING until it was sent; DEAD after the last attempt; SKIPPED on purpose."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    SKIPPED = "skipped"


def delivery_states() -> list[tuple[str, str]]:
    return list(DeliveryState.choices)


class Delivery(models.Model):
    """A message to be sent, or what became of it. It is sent at least once.

    It is a mail to `user`, or for the webhook of `channel`. The Message-ID of the mail
    or the Idempotency-Key of the webhook is the same at each attempt (`key`), so that
    receivers can tell a repetition.
    """

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=delivery_kinds)
    user = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.ForeignKey(
        AlertChannel, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    #: What a webhook is told, as it was when the alert fired.
    facts = models.JSONField(null=True)
    notification = models.ForeignKey(
        Notification, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    workspace = models.ForeignKey(
        Workspace, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    #: Of a confirmation from the start; otherwise the one that the mail was sent to.
    address = models.CharField(max_length=254, blank=True, default="")
    state = models.CharField(
        max_length=10, choices=delivery_states, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    created = models.BigIntegerField()
    #: When its day of attempts began, if that was not when it was created: the mail was
    #: held back, or an owner had it sent again.
    resent = models.BigIntegerField(null=True)
    #: When the next attempt is due.
    due = models.BigIntegerField()
    ended = models.BigIntegerField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, channel__isnull=True)
                | Q(user__isnull=True, channel__isnull=False, kind="webhook"),
                name="delivery_has_one_recipient",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due", "id"],
                condition=Q(state=DeliveryState.WAITING),
                name="deliveries_due",
            ),
            models.Index(
                fields=["channel", "due", "id"],
                condition=Q(state=DeliveryState.WAITING, channel__isnull=False),
                name="deliveries_due_by_channel",
            ),
            models.Index(fields=["created"], name="deliveries_by_age"),
        ]
