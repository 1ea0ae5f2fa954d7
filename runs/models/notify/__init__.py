"""Status changes to notify of, who follows what, notifications and their delivery."""

from runs.models.notify.alerts import (
    ActionOutcome,
    AlertAction,
    AlertCondition,
    AlertMatch,
    AlertRecipient,
    AlertRule,
    FiredAlert,
    Severity,
)
from runs.models.notify.channels import AlertChannel, AlertRuleChannel, HookFormat
from runs.models.notify.notifications import (
    RULE_EVENT,
    VIEW_EVENT,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Follow,
    FollowReason,
    MailPace,
    Notification,
    NotificationSettings,
    all_mail_events,
)
from runs.models.notify.status_changes import StatusChange
from runs.models.notify.view_watches import ViewWatch, ViewWatchRun

__all__ = [
    "RULE_EVENT",
    "VIEW_EVENT",
    "ActionOutcome",
    "AlertAction",
    "AlertChannel",
    "AlertCondition",
    "AlertMatch",
    "AlertRecipient",
    "AlertRule",
    "AlertRuleChannel",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "FiredAlert",
    "Follow",
    "FollowReason",
    "HookFormat",
    "MailPace",
    "Notification",
    "NotificationSettings",
    "Severity",
    "StatusChange",
    "ViewWatch",
    "ViewWatchRun",
    "all_mail_events",
]
