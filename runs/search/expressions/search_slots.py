"""How many searches in texts run at a time in a process: the others wait.

A search reads for a limited time and then continues with the next request. So a search
that waits gets its turn soon, and requests of other kinds find processors free.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

MAX_SEARCHES = max(2, os.cpu_count() or 1)
#: A request that got no turn in this time ends without having searched.
WAIT_SECONDS = 2.0

_slots = threading.BoundedSemaphore(MAX_SEARCHES)


@contextmanager
def search_slot() -> Iterator[bool]:
    """Wait for a turn to search; yields whether there is one."""
    has_slot = _slots.acquire(timeout=WAIT_SECONDS)
    try:
        yield has_slot
    finally:
        if has_slot:
            _slots.release()
