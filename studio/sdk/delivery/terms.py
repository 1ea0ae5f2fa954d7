"""How long requests may take, and which answers will never be others."""

from __future__ import annotations

from studio.core.errors import (
    InvalidRequest,
    InvalidValue,
    TooLarge,
)

#: Seconds without any byte.
TIMEOUT = 20.0
#: What is wrong with a request itself, and not with the moment.
WRONG = (InvalidValue, InvalidRequest, TooLarge)
