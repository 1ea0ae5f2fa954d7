"""Which failures end a delivery, and how long to pause after the others."""

from __future__ import annotations

import random
import time

from studio.core.errors import InvalidRequest, InvalidValue, StudioError, TooLarge
from studio.sdk.responses import is_temporary

#: How long a request waits for a byte.
TIMEOUT_SECONDS = 20.0
#: The request itself is wrong: repeating it never helps.
PERMANENT_ERRORS = (InvalidValue, InvalidRequest, TooLarge)
#: Also an unreadable spool, and a response that is not from this server's API.
DELIVERY_ERRORS = (StudioError, OSError, KeyError, TypeError, ValueError)
#: Pauses double from the first to the longest.
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.25, 15.0
#: How soon to retry what the user must fix: a token, a role, a run.
BLOCKED_SECONDS = 60.0


class DeliveryBlocked(StudioError):
    """Nothing can be delivered until the user fixes what the message says."""

    code = "Blocked"
    # Not a server failure, which would be retried soon.
    status = 400


def as_delivery_error(error: Exception) -> StudioError:
    """The error to report for any of `DELIVERY_ERRORS`."""
    if isinstance(error, StudioError):
        return error
    if isinstance(error, OSError):
        return DeliveryBlocked(f"The spool cannot be read ({error}).")
    return DeliveryBlocked(f"The server's answer is not understood ({error!r}).")


class RetryPause:
    """What is failing now, since when, and when to retry."""

    def __init__(self) -> None:
        self.error: StudioError | None = None
        self.since = self._until = 0.0
        self._seconds = MIN_PAUSE_SECONDS

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    @property
    def is_blocked(self) -> bool:
        """Whether the user must fix something first."""
        return self.error is not None and not is_temporary(self.error)

    def start(self, error: StudioError) -> None:
        """Pause after a failure."""
        self.error, self.since = error, self.since or time.monotonic()
        seconds = BLOCKED_SECONDS
        if is_temporary(error):
            seconds = max(self._seconds, float(error.details.get("retry_after", 0)))
            seconds *= random.uniform(0.5, 1.0)  # noqa: S311
            self._seconds = min(2 * self._seconds, MAX_PAUSE_SECONDS)
        self._until = time.monotonic() + seconds

    def clear(self) -> None:
        """Forget the failure: something was delivered."""
        self.error, self.since, self._seconds = None, 0.0, MIN_PAUSE_SECONDS

    def retry_now(self) -> None:
        self._until = 0.0
