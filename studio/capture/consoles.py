"""The consoles of this process: descriptors of a script, `sys.stdout` of a notebook.

A script's descriptors 1 and 2 are replaced, so that output of libraries in C and of
programs that it starts is kept, too. Another process reads them (`keeper`): it takes
what was printed before a SIGKILL, and no lock of this interpreter can stop it.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any, Protocol

from studio.capture.descriptors import DescriptorConsole
from studio.capture.streams import StreamConsole
from studio.core.statuses import RunStatus
from studio.sdk.client import Client
from studio.sdk.process import (
    current_reason,
    find_rank_group,
    is_interactive,
    watch_exit,
)

LOG_PATH = "user_logs/std_log.txt"
#: The other ranks of a training, which share the run with rank 0.
RANK_LOG_PATH = "user_logs/std_log_process_{rank}.txt"
_MLFLOW_STATUSES = {RunStatus.FAILED: "FAILED", RunStatus.CANCELED: "KILLED"}


class Console(Protocol):
    """Copies what is printed to the logs of runs."""

    def start_run(
        self, client: Client, run_id: str, path: str, options: Mapping[str, Any]
    ) -> None: ...

    def append(self, run_id: str, text: str) -> None: ...

    def end_run(self, run_id: str) -> None: ...

    def close(self, status: str) -> None:
        """End new runs that are still open with this status."""


class Consoles:
    """The console of this process, opened by its first run. Safe with threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._console: Console | None = None
        self._runs: set[str] = set()

    def has(self, run_id: str) -> bool:
        return run_id in self._runs

    def start_run(
        self, client: Client, run_id: str, *, is_new: bool, is_child: bool
    ) -> None:
        """Copy what is printed from now on to the run's log."""
        group = find_rank_group()
        path = LOG_PATH
        if group is not None and group.rank:
            path = RANK_LOG_PATH.format(rank=group.rank)
        # What a child depends on is what its parent depends on.
        has_record = is_new and not is_child
        with self._lock:
            if self._console is None:
                self._console = _open_console()
            if self._console is None or run_id in self._runs:
                return
            self._runs.add(run_id)
            watch_exit()
            options = {"is_new": is_new, "has_record": has_record}
            self._console.start_run(client, run_id, path, options)

    def note_error(self, run_id: str, error: BaseException) -> None:
        """Append the traceback to the run's log, once for each run."""
        if run_id in self._runs and self._console is not None:
            text = "".join(
                traceback.format_exception(type(error), error, error.__traceback__)
            )
            self._console.append(run_id, text)

    def end_run(self, run_id: str) -> None:
        """Keep what was printed so far, and no more."""
        with self._lock:
            self._runs.discard(run_id)
            if self._console is not None:
                self._console.end_run(run_id)

    def close(self) -> None:
        """Restore the console, and wait until the logs are delivered."""
        with self._lock:
            console, self._console = self._console, None
            if console is not None:
                # MLflow has ended the run on top of the others, and no other one.
                console.close(current_reason().status.value)

    def become_child(self) -> None:
        """After a fork: the parent's console is not this process's own."""
        self._lock = threading.RLock()
        self._console, self._runs = None, set()


def _open_console() -> Console | None:
    """Descriptors where `print` writes to them, else streams such as a notebook's."""
    try:
        is_plain = sys.stdout.fileno() == 1 and sys.stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        is_plain = False
    # A prompt edits its lines on the real terminal.
    if not is_plain or is_interactive():
        return StreamConsole()
    return DescriptorConsole.open() or StreamConsole()


def status_at_exit() -> str:
    """MLflow's status of runs that the end of the script ends; empty if it is normal.

    MLflow itself reports such a run as finished, if it was not started by a `with`.
    """
    return _MLFLOW_STATUSES.get(current_reason().status, "")


consoles = Consoles()
os.register_at_fork(after_in_child=consoles.become_child)
