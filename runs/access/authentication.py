"""Identify the caller: a browser by its session, a program by its token.

With an Authorization header only the header counts: an invalid token is refused even if
the request has a session cookie. Tokens in the query string are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils import timezone

from runs.access.best_effort_updates import update_if_idle
from runs.actions.account import hash_secret
from runs.http import invalid_token, read_secret
from runs.models import ApiToken, BrowserSession, User
from runs.storage.prepared import Prepared

#: The shortest time between two updates of "last used" and of "last seen".
TOKEN_USE_INTERVAL = timedelta(minutes=1)
SESSION_USE_INTERVAL = timedelta(minutes=5)


_tokens = Prepared(
    lambda key: ApiToken.objects.select_related("user").filter(
        digest=key, revoked__isnull=True, user__is_active=True
    )
)


@dataclass(frozen=True)
class Caller:
    user: User | None = None
    token: ApiToken | None = None


def identify_caller(request: HttpRequest) -> Caller:
    """Return the caller; raise SignInRequired for invalid credentials.

    Without credentials the caller has no user.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        token = find_token(read_secret(header))
        return Caller(token.user, token)
    user = get_user(request)
    if not isinstance(user, User):
        return Caller()
    _record_session_use(request)
    return Caller(user)


def find_token(secret: str) -> ApiToken:
    """Return the valid token with this secret, of an active user."""
    now = timezone.now()
    token = _tokens.first(hash_secret(secret))
    if token is None or (token.expires is not None and token.expires <= now):
        raise invalid_token()
    if token.last_used is None or token.last_used < now - TOKEN_USE_INTERVAL:
        update_if_idle(ApiToken.objects.filter(pk=token.pk), last_used=now)
    return token


def _record_session_use(request: HttpRequest) -> None:
    now = timezone.now()
    row: BrowserSession | None = getattr(request.session, "row", None)
    if row is not None and row.last_seen < now - SESSION_USE_INTERVAL:
        update_if_idle(BrowserSession.objects.filter(pk=row.pk), last_seen=now)
