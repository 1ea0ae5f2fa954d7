"""Who sends a request, as far as the server knows before Django runs.

A credential counts as verified if a recent response of the application confirmed it.
Any other credential counts as none, so invented cookies gain nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.conf import settings
from django.http import parse_cookie

from runs.http import KNOWN_CALLER, client_address_from_environ, read_secret
from studio.core.errors import SignInRequired

#: How long a verified credential counts as verified.
VERIFIED_SECONDS = 600.0
MAX_VERIFIED = 10_000


class CallerKind(Enum):
    BROWSER = "session"
    SCRIPT = "token"
    #: A verified caller that announces a large body and waits for permission.
    UPLOADER = "uploader"
    #: Sends a credential that was not verified recently.
    UNVERIFIED = "unverified"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Caller:
    kind: CallerKind
    #: A digest of the credential; the address of those who are not verified.
    key: str


class VerifiedCallers:
    """Which credentials the application has verified."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._verified: OrderedDict[str, tuple[CallerKind, float]] = OrderedDict()

    def find(self, environ: dict[str, Any]) -> Caller:
        credential = credential_in(environ)
        if not credential:
            return Caller(CallerKind.ANONYMOUS, client_address_from_environ(environ))
        kind, end = self._verified.get(credential, (CallerKind.UNVERIFIED, 0.0))
        if end > self.clock():
            return Caller(kind, credential)
        return Caller(CallerKind.UNVERIFIED, client_address_from_environ(environ))

    def remember(self, environ: dict[str, Any]) -> None:
        """Remember whether the application verified the credential of this request."""
        credential, known = credential_in(environ), environ.get(KNOWN_CALLER)
        # Static files and unknown paths don't check the caller.
        if not credential or known is None:
            return
        # Entered again at the end, so that the oldest entry comes first.
        self._verified.pop(credential, None)
        if not known:
            return
        self._verified[credential] = (
            CallerKind(known),
            self.clock() + VERIFIED_SECONDS,
        )
        if len(self._verified) > MAX_VERIFIED:
            self._verified.popitem(last=False)


def credential_in(environ: dict[str, Any]) -> str:
    """A digest of the token or session; empty without one.

    It hashes the secret as the access rules read it: a caller that writes the header in
    another way is still the same caller.
    """
    header = environ.get("HTTP_AUTHORIZATION")
    secret = _session_in(environ) if header is None else f"token {_token_in(header)}"
    if not secret:
        return ""
    return hashlib.blake2b(secret.encode(), digest_size=16).hexdigest()


def _token_in(header: str) -> str:
    try:
        return read_secret(header)
    except SignInRequired:
        return ""


def _session_in(environ: dict[str, Any]) -> str:
    text, name = environ.get("HTTP_COOKIE", ""), settings.SESSION_COOKIE_NAME
    return parse_cookie(text).get(name, "") if name in text else ""
