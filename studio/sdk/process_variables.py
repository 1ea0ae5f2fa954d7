"""Processes of this machine by an inherited variable (on Linux).

What a process starts inherits its variables, also where it leaves the session, the
process group or, in a container, the list of processes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def processes_with(variable: str, value: str) -> list[int]:
    """The other living processes of this user that have the variable so."""
    wanted = f"{variable}={value}"
    return [pid for pid, found in process_variables() if wanted in found]


def process_variables() -> Iterator[tuple[int, list[str]]]:
    """The other processes of this user, each with its `NAME=value`."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        # Others' processes cannot be read, and a process can end while it is read.
        with contextlib.suppress(OSError):
            texts = os.fsdecode(path.read_bytes()).split("\0")
            if int(path.parent.name) != os.getpid():
                yield int(path.parent.name), texts
