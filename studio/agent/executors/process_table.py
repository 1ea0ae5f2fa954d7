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

PROC = Path("/proc")
#: How long killed processes are waited for.
KILL_SECONDS = 5.0


def processes_with(variable: str, value: str) -> list[int]:
    """The living processes of this user that have the variable with this value."""
    wanted = os.fsencode(f"{variable}={value}")
    found = []
    for path in PROC.glob("[0-9]*/environ"):
        # Others' processes cannot be read, and a process can end while it is read.
        with contextlib.suppress(OSError):
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


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
