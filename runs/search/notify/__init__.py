"""Read what people follow, their inboxes, and what a mail says of a run."""

from __future__ import annotations

from runs.search.notify.alert_counts import (
    MAX_COUNT,
    AlertCounts,
    count_alerts,
    fired_by_day,
)
from runs.search.notify.alerts import (
    count_matching_now,
    count_messages,
    count_preview,
    count_waiting_mails,
    find_delivery,
    find_fired_alert,
    find_rule,
    last_alerts,
    list_deliveries,
    list_fired,
    list_rules,
    runs_of_rule,
    runs_of_view,
    sees_all_deliveries,
)
from runs.search.notify.channels import find_channel, list_channels
from runs.search.notify.conditions import LOOKED_AT, Look, runs_meeting_condition
from runs.search.notify.follows import (
    errors_of_views,
    find_follow,
    followed_views,
    is_followed,
    list_follows,
    read_settings,
)
from runs.search.notify.inbox import (
    INBOX_FILTERS,
    MAX_BADGE,
    InboxPage,
    count_inbox,
    list_inbox,
    unread_notifications,
)
from runs.search.notify.rule_filters import RunTexts
from runs.search.notify.run_facts import (
    MetricFact,
    RunFacts,
    read_event_facts,
    read_run_facts,
)
from runs.search.notify.status_events import (
    CATEGORY,
    EVENT_COLUMNS,
    event_row,
    iterate_status_events,
    list_status_events,
)

__all__ = [
    "CATEGORY",
    "EVENT_COLUMNS",
    "INBOX_FILTERS",
    "LOOKED_AT",
    "MAX_BADGE",
    "MAX_COUNT",
    "AlertCounts",
    "InboxPage",
    "Look",
    "MetricFact",
    "RunFacts",
    "RunTexts",
    "count_alerts",
    "count_inbox",
    "count_matching_now",
    "count_messages",
    "count_preview",
    "count_waiting_mails",
    "errors_of_views",
    "event_row",
    "find_channel",
    "find_delivery",
    "find_fired_alert",
    "find_follow",
    "find_rule",
    "fired_by_day",
    "followed_views",
    "is_followed",
    "iterate_status_events",
    "last_alerts",
    "list_channels",
    "list_deliveries",
    "list_fired",
    "list_follows",
    "list_inbox",
    "list_rules",
    "list_status_events",
    "read_event_facts",
    "read_run_facts",
    "read_settings",
    "runs_meeting_condition",
    "runs_of_rule",
    "runs_of_view",
    "sees_all_deliveries",
    "unread_notifications",
]
