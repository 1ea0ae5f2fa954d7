"""Status changes to notify of, who follows what, notifications and their delivery."""

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

__all__ = [
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "Follow",
    "FollowReason",
    "Notification",
    "NotificationSettings",
    "StatusChange",
]
