"""The agent's only clock: how much time passes, never what time it is."""

from __future__ import annotations

import time


def boot_seconds() -> float:
    """Seconds of a clock that only goes forward, also while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)
