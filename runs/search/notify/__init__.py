"""Read what people follow, their inboxes, and what a mail says of a run."""

from __future__ import annotations

from runs.search.notify.follows import (
    find_follow,
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
from runs.search.notify.run_facts import MetricFact, RunFacts, read_run_facts

__all__ = [
    "INBOX_FILTERS",
    "MAX_BADGE",
    "InboxPage",
    "MetricFact",
    "RunFacts",
    "count_inbox",
    "find_follow",
    "is_followed",
    "list_follows",
    "list_inbox",
    "read_run_facts",
    "read_settings",
    "unread_notifications",
]
