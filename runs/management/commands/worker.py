"""`manage.py worker`: the server's recurring tasks, each when it is due."""

from __future__ import annotations

import gc
import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from runs.actions.background_tasks import BackgroundTasks
from runs.management import parent_watchdog
from runs.management.identity_check import refuse_foreign_database
from runs.management.move_record import refuse_moved
from runs.management.unusable_home import refuse_unusable
from runs.management.worker_tasks import (
    BUSY_TICK_SECONDS,
    ListeningClock,
    LongTasks,
    all_tasks,
    hook_tasks,
    sending_tasks,
)
from runs.models import now_ms


class Command(BaseCommand):
    help = "Run the recurring tasks until stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--parent", type=int, help="stop when the process with this id ends"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["parent"]:
            parent_watchdog.end_with_parent(options["parent"])
        refuse_unusable(settings.STUDIO_HOME)
        refuse_foreign_database(settings.STUDIO_HOME)
        stop = threading.Event()

        def request_stop(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, request_stop)
        clock = ListeningClock.started(now_ms())
        background = BackgroundTasks()
        tasks = all_tasks(clock, background)
        long_tasks = LongTasks([task for task in tasks if task.is_long])
        tasks = [task for task in tasks if not task.is_long]
        # Not behind tasks that take minutes.
        senders = [LongTasks(sending_tasks()), LongTasks(hook_tasks())]
        # What was imported stays, so looking there for garbage is a waste: it takes a
        # tenth of the time of a large change.
        gc.collect()
        gc.freeze()
        # Often, because a member waits for a background task to begin.
        while not stop.wait(0 if background.is_busy else BUSY_TICK_SECONDS):
            now = now_ms()
            # After a move, the new database still names files that this one deletes.
            refuse_moved(settings.STUDIO_HOME)
            clock.tick(now)
            for task in tasks:
                if not stop.is_set():
                    task.run_if_due(now)
            for sender in senders:
                sender.start_due(now)
            long_tasks.start_due(now)
            # Django does this at the ends of requests, and a worker has none.
            close_old_connections()
        for sender in senders:
            sender.stop()
        long_tasks.stop()
