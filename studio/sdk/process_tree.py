"""Processes of this machine, by their parents and by an inherited variable (on Linux).

What a process starts inherits its variables, also where it leaves the session, the
process group or, in a container, the list of processes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Tells a runner from what a script started: it outlives the run that submitted it.
RUNNER_VARIABLE = "STUDIO_JOB_FOLDER"
PROC = Path("/proc")
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_PR_GET_CHILD_SUBREAPER = 37


def _load_prctl() -> ctypes.CDLL | None:
    if not (PROC / "self/stat").exists():
        return None
    with contextlib.suppress(OSError):
        return ctypes.CDLL(None)
    return None


# Loaded before any fork: between fork and exec little is safe.
_libc = _load_prctl()


@dataclass(frozen=True)
class ProcessEntry:
    """One process of the system's list."""

    pid: int
    #: Such as "R", or "Z" for one that has ended.
    state: str
    parent: int
    group: int
    session: int


def become_subreaper() -> None:
    """Become the parent of all processes below whose own parents end."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def is_subreaper() -> bool:
    """Whether this process called `become_subreaper`."""
    found = ctypes.c_int(0)
    if _libc is not None:
        _libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0)
    return bool(found.value)


def die_with_parent() -> None:
    """Let the system kill this new process when the process that forked it ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def list_processes() -> Iterator[ProcessEntry]:
    """All processes, also those that have ended and wait for their parent."""
    for stat in PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            # The name, in parentheses, can contain spaces and parentheses.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            parent, group, session = map(int, fields[1:4])
            pid = int(stat.parent.name)
            yield ProcessEntry(pid, fields[0], parent, group, session)


def list_descendants(pid: int) -> list[int]:
    """The processes below one; none where the system has no /proc.

    Runners of other jobs and what is below them are left out: a script that submits a
    run can end before it.
    """
    children: dict[int, list[int]] = {}
    for entry in list_processes():
        children.setdefault(entry.parent, []).append(entry.pid)
    found, parents = [], [pid]
    while parents:
        below = [child for one in parents for child in children.get(one, ())]
        parents = [child for child in below if not is_runner(child)]
        found += parents
    return found


def is_runner(pid: int) -> bool:
    """Whether it is a runner, or helps one: nothing that a script started."""
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return f"\0{RUNNER_VARIABLE}=".encode() in b"\0" + environment


def processes_with(variable: str, value: str) -> list[int]:
    """Other living processes of this user that have the variable with this value."""
    wanted = f"{variable}={value}"
    return [pid for pid, found in process_variables() if wanted in found]


def process_variables() -> Iterator[tuple[int, list[str]]]:
    """The other processes of this user, each with its `NAME=value`."""
    for path in PROC.glob("[0-9]*/environ"):
        # Others' processes cannot be read, and a process can end while it is read.
        with contextlib.suppress(OSError):
            texts = os.fsdecode(path.read_bytes()).split("\0")
            if int(path.parent.name) != os.getpid():
                yield int(path.parent.name), texts
