"""The worker's long tasks, in a thread of their own.

A purge, a sweep or a comparison of large files can take minutes. In the meantime runs
must still be marked as unresponsive, and queued runs must still start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import connections

from runs.management.move_record import refuse_moved
from runs.management.worker_tasks import Task
from runs.models import now_ms

#: How long the end of the worker waits. A task that is cut off then continues later:
#: each of its steps is a transaction.
STOP_SECONDS = 5.0


def _check_database() -> None:
    # After a move, the new database still names files that this one deletes.
    refuse_moved(settings.STUDIO_HOME)


class LongTasks:
    """Runs those that are due one after the other; `check` is called before each."""

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
