"""The message that is stored for a failed run."""

from __future__ import annotations

import traceback
from typing import Any

from studio.core.names import MAX_ERROR
from studio.sdk.run.info import PROGRAM_FAILED

#: The error code of v1 that adds nothing to a message.
DEFAULT_CODE = "UserError"


def error_message(details: Any, code: str | None) -> str:
    """The message that is stored for a failure. Raises TypeError."""
    if details is None:
        message = ""
    elif isinstance(details, str):
        message = details
    elif isinstance(details, BaseException):
        message = f"{PROGRAM_FAILED}{type(details).__name__}: {details}"
        if details.__traceback__ is not None:
            trace = traceback.format_exception(
                type(details), details, details.__traceback__
            )
            message += "\n\n" + "".join(trace).rstrip()
    else:
        raise TypeError(
            f"error_details must be text or an exception, not {type(details).__name__}"
        )
    if code and code != DEFAULT_CODE:
        message = f"{code}: {message}" if message else code
    # The server refuses NUL characters and longer messages.
    return message.replace("\x00", "")[:MAX_ERROR]
