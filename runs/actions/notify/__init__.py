"""Follow runs; turn status changes into notifications; deliver these by mail."""

from __future__ import annotations

from runs.actions.notify.addresses import (
    confirm_address,
    read_confirmation,
    request_confirmation,
)
from runs.actions.notify.deliveries import (
    DELIVERY_HOURS,
    MailSender,
)
from runs.actions.notify.expiry import delete_expired_notifications
from runs.actions.notify.follows import (
    MUTE_HOURS,
    find_signed_follow,
    follow,
    mute_follow,
    set_notification_settings,
    stop_following,
)
from runs.actions.notify.inbox import mark_all_read, mark_read
from runs.actions.notify.status_notifications import (
    create_notifications,
    notify_of_mentions,
)

__all__ = [
    "DELIVERY_HOURS",
    "MUTE_HOURS",
    "MailSender",
    "confirm_address",
    "create_notifications",
    "delete_expired_notifications",
    "find_signed_follow",
    "follow",
    "mark_all_read",
    "mark_read",
    "mute_follow",
    "notify_of_mentions",
    "read_confirmation",
    "request_confirmation",
    "set_notification_settings",
    "stop_following",
]
