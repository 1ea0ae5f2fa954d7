"""Who sends a request, as far as that is known before Django has looked.

A credential counts as verified when an answer of the application said so lately. Any
other is worth no more than none: invented cookies win nothing.
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

#: How long the application's word holds.
VERIFIED_SECONDS = 600.0
MAX_VERIFIED = 10_000


class Kind(Enum):
    PERSON = "session"
    PROGRAM = "token"
    #: Either of those, who announces a large body and is not let in yet.
    SENDER = "sender"
    #: With a credential that was not verified lately.
    CLAIMANT = "claimant"
    STRANGER = "stranger"


@dataclass(frozen=True)
class Caller:
    kind: Kind
    #: A digest of the credential; the address of those who are not verified.
    key: str


class Callers:
    """Which credentials the application has verified."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._verified: OrderedDict[str, tuple[Kind, float]] = OrderedDict()

    def find(self, environ: dict[str, Any]) -> Caller:
        credential = credential_in(environ)
        if not credential:
            return Caller(Kind.STRANGER, client_address_from_environ(environ))
        kind, end = self._verified.get(credential, (Kind.CLAIMANT, 0.0))
        if end > self.clock():
            return Caller(kind, credential)
        return Caller(Kind.CLAIMANT, client_address_from_environ(environ))

    def learn(self, environ: dict[str, Any]) -> None:
        """Remember what the application found out while it answered."""
        credential, known = credential_in(environ), environ.get(KNOWN_CALLER)
        # For static files and unknown paths it does not ask who calls.
        if not credential or known is None:
            return
        self._verified.pop(credential, None)
        if not known:
            return
        self._verified[credential] = (Kind(known), self.clock() + VERIFIED_SECONDS)
        if len(self._verified) > MAX_VERIFIED:
            self._verified.popitem(last=False)


def credential_in(environ: dict[str, Any]) -> str:
    """A digest of the token or session; empty without one.

    Of the secret as the access rules read it: who writes a header in another way is
    still the same caller.
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
