"""Requests again, with back-off, while that may help."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import TypeVar

from studio.core.errors import StudioError
from studio.sdk.responses import is_temporary

#: Seconds between attempts double from the first to the longest, less a random part.
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0
ATTEMPTS = 5

Found = TypeVar("Found")


def retried(
    once: Callable[[], Found], attempts: int, timeout: float | None = None
) -> Found:
    """What `once` returns; no attempt begins when `timeout` seconds are over."""
    wait, end = FIRST_WAIT, time.monotonic() + (timeout or math.inf)
    for _ in range(attempts - 1):
        try:
            return once()
        except StudioError as error:
            if time.monotonic() >= end:
                raise
            _pause(error, wait)
        wait = min(2 * wait, LONGEST_WAIT)
    return once()


def _pause(error: StudioError, wait: float) -> None:
    """Wait before the next attempt; raise what would fail again."""
    if not is_temporary(error):
        raise error
    asked = min(float(error.details.get("retry_after", 0)), LONGEST_WAIT)
    time.sleep(max(asked, wait * random.uniform(0.5, 1.0)))  # noqa: S311
