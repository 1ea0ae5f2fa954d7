"""Page tokens: opaque text that says where the next page begins."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from studio.core.errors import InvalidValue


def write_page_token(where: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(where)).decode()


def read_offset(token: str) -> int:
    """The offset in the token, 0 without one; raises InvalidValue for other text."""
    if not token:
        return 0
    try:
        where = msgspec.json.decode(base64.urlsafe_b64decode(token), type=int)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise invalid_page_token() from error
    if not 0 <= where < 2**53:
        raise invalid_page_token()
    return where


def invalid_page_token() -> InvalidValue:
    return InvalidValue(
        "Invalid page token; send the next_page_token of the previous page as it is.",
        field="page_token",
    )
