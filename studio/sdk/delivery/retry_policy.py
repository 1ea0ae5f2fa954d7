"""How long requests may take, and which answers will never be others."""

from __future__ import annotations

import random
import time

from studio.core.errors import InvalidRequest, InvalidValue, StudioError, TooLarge
from studio.sdk.answers import is_temporary

#: Seconds without any byte.
TIMEOUT = 20.0
#: What is wrong with a request itself, and not with the moment.
WRONG = (InvalidValue, InvalidRequest, TooLarge)


class Blocked(StudioError):
    """Nothing can be delivered until somebody mends what the message says."""

    code = "Blocked"
    # No failure of the server's, which would be tried again soon.
    status = 400


#: Beside its own errors: a spool that cannot be read, an answer that is none of ours.
ODD = (StudioError, OSError, KeyError, TypeError, ValueError)


def as_trouble(error: Exception) -> StudioError:
    """What is to be told of it; the sender must outlive whatever it meets."""
    if isinstance(error, StudioError):
        return error
    if isinstance(error, OSError):
        return Blocked(f"The spool cannot be read ({error}).")
    return Blocked(f"The server's answer is not understood ({error!r}).")


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
