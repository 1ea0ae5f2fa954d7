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
    Delivery,
    DeliveryKind,
    DeliveryState,
    Follow,
    FollowReason,
    Notification,
    NotificationSettings,
)
from runs.models.notify.status_changes import StatusChange
from runs.models.notify.view_watches import ViewWatch, ViewWatchRun

__all__ = [
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
    "Notification",
    "NotificationSettings",
    "Severity",
    "StatusChange",
    "ViewWatch",
    "ViewWatchRun",
]
