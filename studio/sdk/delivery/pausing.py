"""How long to wait after what went wrong: longer each time, up to a bound."""

from __future__ import annotations

import random
import time

from studio.core.errors import StudioError
from studio.sdk.answers import is_temporary

FIRST_WAIT, LONGEST_WAIT = 0.25, 15.0
#: How soon to look again at what somebody must mend: a token, a role, a run.
BLOCKED_SECONDS = 60.0


class Pause:
    """Of one way to the server: what is wrong with it now, and since when."""

    def __init__(self) -> None:
        self.error: StudioError | None = None
        self.since = self._until = 0.0
        self._wait = FIRST_WAIT

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    @property
    def is_blocked(self) -> bool:
        """Whether somebody must mend something first."""
        return self.error is not None and not is_temporary(self.error)

    def begin(self, error: StudioError) -> None:
        """Something failed."""
        self.error, self.since = error, self.since or time.monotonic()
        wait = BLOCKED_SECONDS
        if is_temporary(error):
            wait = max(self._wait, float(error.details.get("retry_after", 0)))
            wait *= random.uniform(0.5, 1.0)  # noqa: S311
            self._wait = min(2 * self._wait, LONGEST_WAIT)
        self._until = time.monotonic() + wait

    def end(self) -> None:
        """Something was delivered."""
        self.error, self.since, self._wait = None, 0.0, FIRST_WAIT

    def hurry(self) -> None:
        """Try again at once."""
        self._until = 0.0
