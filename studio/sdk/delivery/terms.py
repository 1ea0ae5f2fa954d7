"""How long requests may take, and which answers will never be others."""

from __future__ import annotations

from studio.core.errors import InvalidRequest, InvalidValue, StudioError, TooLarge

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
