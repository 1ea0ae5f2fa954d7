"""The secret in a request's Authorization header; asks no database."""

from __future__ import annotations

import base64
import binascii

from django.utils.translation import gettext as _

from studio.core.errors import SignInRequired


def read_secret(header: str) -> str:
    """The token in an Authorization header: Bearer, or Basic with it as password."""
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
        _("The token is unknown, expired or revoked. Make one on the account page.")
    )
