"""Page tokens: opaque text with the next page's offset, or the last row's place."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
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


def read_row_token(token: str, types: Sequence[type]) -> list[Any]:
    """Return the values of the row after which the page starts."""
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(token), type=list)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise invalid_page_token() from error
    if [type(value) for value in values] != list(types):
        raise invalid_page_token()
    for value in values:
        # PostgreSQL refuses to compare NUL, and numbers have 64 bits.
        is_bad = "\x00" in value if isinstance(value, str) else abs(value) >= 2**53
        if is_bad:
            raise invalid_page_token()
    return values


def invalid_page_token() -> InvalidValue:
    return InvalidValue(
        "Invalid page token. Send the next_page_token of the previous page unchanged.",
        field="page_token",
    )
