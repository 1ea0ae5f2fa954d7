"""The worker's tasks: what it does, and how often."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connections

from runs.actions.background_tasks import BackgroundTasks
from runs.actions.compute import requeue_lost_jobs
from runs.actions.expiry import (
    delete_expired_run_tokens,
    delete_expired_sign_ins,
    delete_replaced_files,
    expiry_allowed,
    purge_old_trash,
    skip_while_paused,
)
from runs.actions.files import EqualFileSharing, LineCounter, run_blob_sweep
from runs.actions.log_index import LogIndexer
from runs.actions.notify import (
    HookSender,
    MailSender,
    create_notifications,
    create_sign_in_mails,
    delete_expired_notifications,
    fire_for_conditions,
    look_at_views,
    perform_alert_actions,
    resolve_alerts,
    warn_owners_of_quota,
)
from runs.actions.public import delete_expired_share_links
from runs.actions.retention import apply_retention_rules
from runs.actions.run import (
    fail_interrupted_submissions,
    mark_unresponsive_runs,
    refresh_sweeps,
)
from runs.actions.run_list import (
    HistoryExporter,
    delete_old_exports,
    delete_unused_selections,
)
from runs.actions.sweeps import LiveSweeps
from runs.actions.task_rows import delete_old_tasks
from runs.actions.uploads import delete_expired_uploads
from runs.actions.usage import count_if_due
from runs.management.backup import ScheduledBackups, configured_schedule
from runs.management.database import optimize
from runs.management.home import base_url
from runs.management.move_record import refuse_moved
from runs.models import merge_run_counts, now_ms
from studio.core.errors import StudioError

log = logging.getLogger("studio.worker")

TICK_SECONDS = 5
#: Of sweeps that are running, and of background tasks, which members wait for.
BUSY_TICK_SECONDS = 1
#: A worker that paused this long, as on a sleeping laptop, missed heartbeats.
MAX_GAP_SECONDS = 30
#: Delay after a start until the first removal, and the first sweep of stored files.
FIRST_DELETION_SECONDS = 600
FIRST_SWEEP_SECONDS = 1800
SWEEP_SECONDS = 6 * 3600
#: How long the end of the worker waits for a long task. One that is cut off continues
#: later: each of its steps is a transaction.
STOP_SECONDS = 5.0


@dataclass
class ListeningClock:
    """Since when the server has received heartbeats without a pause."""

    listening_since: int
    last: int

    @classmethod
    def started(cls, now: int) -> ListeningClock:
        return cls(listening_since=now, last=now)

    def tick(self, now: int) -> None:
        # A clock that jumps, in either direction, is like a pause.
        if not 0 <= now - self.last <= MAX_GAP_SECONDS * 1000:
            self.listening_since = now
        self.last = now


@dataclass
class Task:
    """Calls `run` with the time when the task is `due`, then every `seconds`."""

    name: str
    seconds: int
    run: Callable[[int], object]
    due: int = 0
    #: Runs in a thread of its own: it can take minutes, and others must not wait.
    is_long: bool = False

    def is_due(self, now: int) -> bool:
        # A clock that was set back must not put it off for longer than a period.
        self.due = min(self.due, now + self.seconds * 1000)
        return now >= self.due

    def run_if_due(self, now: int) -> bool:
        if not self.is_due(now):
            return False
        self.due = now + self.seconds * 1000
        try:
            self.run(now)
        except (DatabaseError, OSError, StudioError):
            # The next time may go well: a full disk, a locked database.
            log.exception("The task %r failed.", self.name)
        return True


def all_tasks(
    clock: ListeningClock, background: BackgroundTasks | None = None
) -> Sequence[Task]:
    def mark_unresponsive(now: int) -> int:
        return mark_unresponsive_runs(now, listening_since=clock.listening_since)

    def requeue_lost(now: int) -> int:
        return requeue_lost_jobs(now, listening_since=clock.listening_since)

    def look_at_conditions(now: int) -> int:
        return fire_for_conditions(now, listening_since=clock.listening_since)

    return (
        Task("check the clock", 60, expiry_allowed),
        Task("mark unresponsive runs", 10, mark_unresponsive),
        Task("queue lost runs again", TICK_SECONDS, requeue_lost),
        Task("fail interrupted submissions", 600, fail_interrupted_submissions),
        Task("finish sweeps", 60, refresh_sweeps),
        Task("advance sweeps", BUSY_TICK_SECONDS, LiveSweeps()),
        Task("merge run counts", 10, merge_counts),
        Task("look at alert conditions", 15, look_at_conditions),
        Task("look at views", 15, look_at_views),
        Task("resolve alerts", 60, resolve_alerts),
        # Mails follow within a second or two.
        Task("create notifications", BUSY_TICK_SECONDS, create_notifications),
        Task("create sign-in mails", BUSY_TICK_SECONDS, create_sign_in_mails),
        Task("warn owners of the quota", 60, warn_owners_of_quota),
        Task("act on alerts", BUSY_TICK_SECONDS, perform_alert_actions),
        # Without a pause while steps are left: they end after a slice of time.
        Task("do background tasks", 0, background or BackgroundTasks()),
        Task("write history exports", TICK_SECONDS, HistoryExporter()),
        Task("index logs", TICK_SECONDS, LogIndexer()),
        Task("count lines of files", TICK_SECONDS, LineCounter()),
        Task("count what is stored", TICK_SECONDS, count_if_due, is_long=True),
        Task("back up", 60, ScheduledBackups(configured_schedule())),
        *deletion_tasks(clock.last),
        Task("optimize the database", 86_400, optimize),
    )


def deletion_tasks(started: int) -> Sequence[Task]:
    """Tasks that delete: not just after a start, nor in the day after a clock jump."""
    tasks = (
        ("delete old exports", 3600, delete_old_exports),
        ("delete expired sign-ins", 600, delete_expired_sign_ins),
        ("delete expired run tokens", 3600, delete_expired_run_tokens),
        ("delete replaced files", 3600, delete_replaced_files),
        ("delete expired uploads", 600, delete_expired_uploads),
        ("purge old trash", 3600, purge_old_trash),
        ("apply retention rules", 60, apply_retention_rules),
        ("delete old background tasks", 86_400, delete_old_tasks),
        ("share equal files", 60, EqualFileSharing()),
        ("delete unused selections", 86_400, delete_unused_selections),
        ("delete expired public links", 86_400, delete_expired_share_links),
        ("delete expired notifications", 3600, delete_expired_notifications),
    )
    first_removal = started + FIRST_DELETION_SECONDS * 1000
    first_sweep = started + FIRST_SWEEP_SECONDS * 1000
    return (
        *(
            Task(name, every, skip_while_paused(run), first_removal, is_long=True)
            for name, every, run in tasks
        ),
        Task(
            "sweep stored files",
            SWEEP_SECONDS,
            skip_while_paused(run_blob_sweep),
            first_sweep,
            is_long=True,
        ),
    )


def sending_tasks() -> Sequence[Task]:
    """Tasks that wait for other servers. They run in a thread of their own."""
    # At each tick of the worker, right after notifications are created. A pause would
    # begin after the tick, so that the next tick would be too early for it.
    return (Task("send mails", 0, MailSender(base_url)),)


def hook_tasks() -> Sequence[Task]:
    """Webhooks have another thread: one that hangs delays no mail."""
    return (Task("send webhooks", 0, HookSender(base_url)),)


def merge_counts(_now: int) -> int:
    return merge_run_counts()


def _check_database() -> None:
    # After a move, the new database still names files that this one deletes.
    refuse_moved(settings.STUDIO_HOME)


class LongTasks:
    """Runs tasks that take minutes in a thread, one after the other.

    In the meantime runs must still be marked as unresponsive, and queued runs must
    start. `check` runs before each task.
    """

    def __init__(
        self, tasks: Sequence[Task], check: Callable[[], None] = _check_database
    ) -> None:
        self._tasks, self._check = tasks, check
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def start_due(self, now: int) -> bool:
        """Start what is due, unless earlier tasks still run; return whether it did.

        Raises what ended the earlier tasks, as if they ran in the caller's thread.
        """
        if self._thread is not None and self._thread.is_alive():
            return False
        error, self._error = self._error, None
        if error is not None:
            raise error
        due = [task for task in self._tasks if task.is_due(now)]
        if not due or self._stopping.is_set():
            return False
        self._thread = threading.Thread(target=self._run, args=(due,), daemon=True)
        self._thread.start()
        return True

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Start no other task, and wait for the current one for a limited time."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, due: Sequence[Task]) -> None:
        try:
            for task in due:
                if not self._stopping.is_set():
                    self._check()
                    task.run_if_due(now_ms())
        # The next `start_due` raises it.
        except BaseException as error:  # noqa: BLE001
            self._error = error
        finally:
            connections.close_all()
