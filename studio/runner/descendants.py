"""Processes below this one, also those whose parents have ended (on Linux)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

from studio.sdk.local_jobs import RUNNER_VARIABLE

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
#: How long processes have to end after SIGTERM, then after SIGKILL.
TERMINATE_SECONDS, KILL_SECONDS = 2.0, 2.0
_POLL_SECONDS = 0.05


def _load_prctl() -> ctypes.CDLL | None:
    if not Path("/proc/self/stat").exists():
        return None
    with contextlib.suppress(OSError):
        return ctypes.CDLL(None)
    return None


# Loaded before any fork: between fork and exec little is safe.
_libc = _load_prctl()


def become_subreaper() -> None:
    """Become the parent of all processes below whose own parents end."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Let the system kill this new process when the process that forked it ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def list_descendants() -> list[int]:
    """The ids of the processes below this one; none where the system has no /proc.

    Runners of other jobs and what is below them are left out: a script that submits a
    run can end before it.
    """
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            # The name, in parentheses, can contain spaces and parentheses.
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, parents = [], [os.getpid()]
    while parents:
        below = [child for one in parents for child in children.get(one, ())]
        parents = [pid for pid in below if not _is_runner(pid)]
        found += parents
    return found


def _is_runner(pid: int) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"\0{RUNNER_VARIABLE}=".encode() in b"\0" + environment


def end_descendants() -> int:
    """End all processes below this one; how many did not end by themselves."""
    count = 0
    for name, seconds in (
        (signal.SIGTERM, TERMINATE_SECONDS),
        (signal.SIGKILL, KILL_SECONDS),
    ):
        end, sent = time.monotonic() + seconds, set[int]()
        while (left := _list_living()) and time.monotonic() < end:
            for pid in left:
                if pid not in sent:
                    sent.add(pid)
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, name)
            time.sleep(_POLL_SECONDS)
        count = max(count, len(sent))
    return count


def reap_ended() -> None:
    """Remove ended processes that this process inherited."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _list_living() -> list[int]:
    reap_ended()
    return list_descendants()
