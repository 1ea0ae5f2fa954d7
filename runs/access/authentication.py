"""Who calls: a browser by its session, a program by its token.

A request with an Authorization header is judged by it alone: a bad token is refused,
never forgiven for the sake of a cookie. Tokens in the query string do not count.
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

#: How often "last used" and "last seen" are written at most.
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
    """The caller; nobody without credentials, SignInRequired with bad ones."""
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
    """The living token with this secret, of a living user."""
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
