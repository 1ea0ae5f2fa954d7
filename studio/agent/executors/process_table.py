"""The processes of a job on this machine: found by an inherited variable.

Every process that a job starts inherits the variable, also one that left the session
and the process group. Systems without /proc know only the process group.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.process_variables import processes_with

PROC = Path("/proc")
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
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        # A process that was just being started is found in the next round.
        if not left or time.monotonic() > end:
            return
        time.sleep(0.02)


def boot_id() -> str:
    """A text that changes when the machine starts again; empty where not known."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
