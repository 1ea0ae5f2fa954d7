"""How much memory a process and all below it use, on Linux."""

from __future__ import annotations

import contextlib
import os

from studio.sdk.process_tree import PROC, list_descendants


def read_tree_memory(pid: int, *, limit: int) -> int:
    """The bytes of memory that the tree has; 0 where the system has no /proc.

    What processes share counts once, which takes longer to read. So the plain sum is
    returned if it is within the limit.
    """
    pids = [pid, *list_descendants(pid)]
    used = sum(map(_resident, pids))
    return used if used <= limit else sum(map(_proportional, pids))


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        pages = (PROC / str(pid) / "statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(pid)
