"""`studio task`, and waiting for background tasks."""

from __future__ import annotations

from studio.cli.tasks.group import task_group
from studio.cli.tasks.waiting import finish_task, no_wait_option

__all__ = ["finish_task", "no_wait_option", "task_group"]
