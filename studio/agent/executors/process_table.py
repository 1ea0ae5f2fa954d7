"""The processes of a job on this machine: found by an inherited variable.

Every process that a job starts inherits the variable, also one that left the session
and the process group. Systems without /proc know only the process group.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.process_tree import (
    PROC,
    is_runner,
    is_subreaper,
    list_descendants,
    list_processes,
    processes_with,
)

#: How long killed processes are waited for.
KILL_SECONDS = 5.0


def kill_job(folder: Path, group: int | None) -> None:
    """Kill all processes of a job's folder, and its process group."""
    end = time.monotonic() + KILL_SECONDS
    while True:
        if group is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        left = processes_with(AGENT_VARIABLE, str(folder))
        kill_all(left)
        # A process that was just being started is found in the next round.
        if not left or time.monotonic() > end:
            return
        time.sleep(0.02)


def kill_all(pids: Iterable[int]) -> None:
    """Kill the processes that still exist."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end_orphans(runners: AbstractSet[int]) -> None:
    """Kill what killed runners left to this process; `runners` are those that live.

    Only a subreaper gets orphans. They are not in its session: runners have their own.
    """
    end = time.monotonic() + KILL_SECONDS
    while is_subreaper() and time.monotonic() < end:
        own = os.getsid(0)
        orphans = [
            entry.pid
            for entry in list_processes()
            if entry.parent == os.getpid()
            and entry.session != own
            and entry.pid not in runners
            and not is_runner(entry.pid)
        ]
        if not orphans:
            return
        for pid in orphans:
            kill_all([*list_descendants(pid), pid])
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if all(map(_is_of_another_user, orphans)):
            return
        time.sleep(0.02)


def _is_of_another_user(pid: int) -> bool:
    """Whether this process cannot end it."""
    try:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
    except PermissionError:
        return True
    return False


def boot_id() -> str:
    """A text that changes when the machine starts again; empty where not known."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
