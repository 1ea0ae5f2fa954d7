"""The cookie of browsers in which a user signed in before.

However often others fail to sign in with a person's name, a browser with this cookie
has its own count, and stays able to sign in. Source: OWASP, "Slow Down Online Guessing
Attacks with Device Cookies".
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

from runs.actions.account import KnownBrowser
from runs.models import User

_SALT = "runs.known_browser"
_AGE = 365 * 24 * 3600
#: People of one browser; the cookie forgets who signed in first.
MAX_PEOPLE = 5


def known_browser(request: HttpRequest) -> KnownBrowser | None:
    """Return what the cookie says; None without a valid one."""
    signed = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")
    try:
        key, *people = signing.loads(signed, salt=_SALT, max_age=_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return KnownBrowser(key, tuple(people))


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let the browser's cookie name the user, too."""
    known = known_browser(request)
    key = known.key if known else get_random_string(22)
    others = [one for one in known.people if one != user.pk] if known else []
    people = [*others, user.pk][-MAX_PEOPLE:]
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        signing.dumps([key, *people], salt=_SALT),
        max_age=_AGE,
        path="/sign-in/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
