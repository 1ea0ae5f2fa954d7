"""Page tokens: opaque text with the offset of the next page."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from studio.core.errors import InvalidValue


def write_page_token(offset: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(offset)).decode()


def read_offset(token: str) -> int:
    """Return the token's offset, 0 without one; raise InvalidValue for other text."""
    if not token:
        return 0
    try:
        offset = msgspec.json.decode(base64.urlsafe_b64decode(token), type=int)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise invalid_page_token() from error
    # SQL takes 64 bits, and a page's size is added to the offset.
    if not 0 <= offset < 2**53:
        raise invalid_page_token()
    return offset


def invalid_page_token() -> InvalidValue:
    return InvalidValue(
        "Invalid page token. Send the next_page_token of the previous page unchanged.",
        field="page_token",
    )
