"""REST: follow runs and experiments, notifications, and alert rules."""

from __future__ import annotations

from runs.api.v1.notify.alerts import (
    acknowledge_one_alert,
    add_alert_rule,
    get_alert_rule,
    list_alert_rules,
    list_alerts,
    remove_alert_rule,
    replace_alert_rule,
    switch_alert_rule,
    test_alert_rule,
    undelete_alert_rule,
)
from runs.api.v1.notify.channels import (
    add_alert_channel,
    edit_alert_channel,
    list_alert_channels,
    remove_alert_channel,
    test_alert_channel,
    undelete_alert_channel,
)
from runs.api.v1.notify.deliveries import (
    list_alert_deliveries,
    send_delivery_again,
)
from runs.api.v1.notify.follows import (
    follow_experiment,
    follow_own_runs,
    follow_run,
    follow_view,
    unfollow_experiment,
    unfollow_own_runs,
    unfollow_run,
    unfollow_view,
)
from runs.api.v1.notify.notifications import list_notifications, read_notifications

__all__ = [
    "acknowledge_one_alert",
    "add_alert_channel",
    "add_alert_rule",
    "edit_alert_channel",
    "follow_experiment",
    "follow_own_runs",
    "follow_run",
    "follow_view",
    "get_alert_rule",
    "list_alert_channels",
    "list_alert_deliveries",
    "list_alert_rules",
    "list_alerts",
    "list_notifications",
    "read_notifications",
    "remove_alert_channel",
    "remove_alert_rule",
    "replace_alert_rule",
    "send_delivery_again",
    "switch_alert_rule",
    "test_alert_channel",
    "test_alert_rule",
    "undelete_alert_channel",
    "undelete_alert_rule",
    "unfollow_experiment",
    "unfollow_own_runs",
    "unfollow_run",
    "unfollow_view",
]
