"""REST: follow runs and experiments, and the notifications about them."""

from __future__ import annotations

from runs.api.v1.notify.follows import (
    follow_experiment,
    follow_own_runs,
    follow_run,
    unfollow_experiment,
    unfollow_own_runs,
    unfollow_run,
)
from runs.api.v1.notify.notifications import list_notifications, read_notifications

__all__ = [
    "follow_experiment",
    "follow_own_runs",
    "follow_run",
    "list_notifications",
    "read_notifications",
    "unfollow_experiment",
    "unfollow_own_runs",
    "unfollow_run",
]
