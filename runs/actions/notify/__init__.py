"""Follow runs; turn status changes into notifications; deliver these by mail."""

from __future__ import annotations

from runs.actions.notify.addresses import (
    confirm_address,
    read_confirmation,
    request_confirmation,
)
from runs.actions.notify.alert_actions import perform_alert_actions
from runs.actions.notify.alert_matching import (
    fire_for_conditions,
    resolve_alerts,
    send_test_alert,
)
from runs.actions.notify.alert_rules import (
    OF_MINUTES,
    RuleText,
    acknowledge_alert,
    change_alert_rule,
    create_alert_rule,
    delete_alert_rule,
    enable_alert_rule,
    restore_alert_rule,
)
from runs.actions.notify.attempts import DELIVERY_HOURS
from runs.actions.notify.channels import (
    ChannelText,
    change_alert_channel,
    create_alert_channel,
    delete_alert_channel,
    enable_alert_channel,
    read_channel_address,
    restore_alert_channel,
    send_test_hook,
)
from runs.actions.notify.deliveries import MailSender
from runs.actions.notify.expiry import delete_expired_notifications
from runs.actions.notify.follows import (
    NotificationChoices,
    follow,
    set_notification_settings,
    stop_following,
)
from runs.actions.notify.hook_sender import HookSender
from runs.actions.notify.inbox import mark_all_read, mark_read
from runs.actions.notify.pacing import zone_of
from runs.actions.notify.quota_mails import warn_owners_of_quota
from runs.actions.notify.resending import send_again
from runs.actions.notify.sign_in_mails import create_sign_in_mails
from runs.actions.notify.status_notifications import (
    create_notifications,
    notify_of_mentions,
)
from runs.actions.notify.subscriptions import (
    MUTE_HOURS,
    Subscription,
    find_subscription,
    mute_subscription,
    unsubscribe,
)
from runs.actions.notify.view_watching import look_at_views

__all__ = [
    "DELIVERY_HOURS",
    "MUTE_HOURS",
    "OF_MINUTES",
    "ChannelText",
    "HookSender",
    "MailSender",
    "NotificationChoices",
    "RuleText",
    "Subscription",
    "acknowledge_alert",
    "change_alert_channel",
    "change_alert_rule",
    "confirm_address",
    "create_alert_channel",
    "create_alert_rule",
    "create_notifications",
    "create_sign_in_mails",
    "delete_alert_channel",
    "delete_alert_rule",
    "delete_expired_notifications",
    "enable_alert_channel",
    "enable_alert_rule",
    "find_subscription",
    "fire_for_conditions",
    "follow",
    "look_at_views",
    "mark_all_read",
    "mark_read",
    "mute_subscription",
    "notify_of_mentions",
    "perform_alert_actions",
    "read_channel_address",
    "read_confirmation",
    "request_confirmation",
    "resolve_alerts",
    "restore_alert_channel",
    "restore_alert_rule",
    "send_again",
    "send_test_alert",
    "send_test_hook",
    "set_notification_settings",
    "stop_following",
    "unsubscribe",
    "warn_owners_of_quota",
    "zone_of",
]
