"""Background tasks as the worker does them, to the end however busy the machine is."""

from __future__ import annotations

from runs.actions.background_tasks import BackgroundTasks


def do_background_tasks(now: int) -> int:
    """Do slices until none is left to do; return how many tasks ended."""
    tasks = BackgroundTasks(pause=lambda _seconds: None)
    ended = tasks(now)
    while tasks.is_busy:
        ended += tasks(now)
    return ended
