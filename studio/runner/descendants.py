"""Ends the processes below this one, also those whose parents have ended (on Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from studio.sdk.process_tree import list_descendants

#: How long processes have to end after SIGTERM, then after SIGKILL.
TERMINATE_SECONDS, KILL_SECONDS = 2.0, 2.0
_POLL_SECONDS = 0.05


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
    return list_descendants(os.getpid())
