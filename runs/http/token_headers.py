"""The token in a request's Authorization header; needs no database."""

from __future__ import annotations

import base64
import binascii

from django.utils.translation import gettext as _

from studio.core.errors import SignInRequired


def read_secret(header: str) -> str:
    """Return the token of an Authorization header: Bearer, or the password of Basic."""
    scheme, _space, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise invalid_token() from error
        return text.partition(":")[2]
    raise invalid_token()


def invalid_token() -> SignInRequired:
    return SignInRequired(
        _(
            "This token is unknown, expired or revoked. Create a new one on "
            "the account page."
        )
    )
