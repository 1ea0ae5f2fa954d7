"""Members who lost their password request a mail with a sign-in link."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import ngettext

from runs.actions.account.secrets import to_datetime
from runs.actions.account.sign_in import KnownBrowser, find_active_user, fold_name
from runs.actions.account.throttle import Throttle
from runs.models import SignInMailRequest

REQUEST_WINDOW = timedelta(hours=1)
#: For one name from one address, or from one browser that the person used before.
MAX_REQUESTS = 3
#: From all addresses together. More, because anybody can use them up.
MAX_REQUESTS_PER_NAME = 30
#: More, because a team can share one address behind a proxy or router.
MAX_REQUESTS_PER_ADDRESS = 20


def _too_many_requests(minutes: int) -> str:
    return ngettext(
        "Too many requests. Try again in %(minutes)s minute, or ask an owner for a "
        "sign-in link.",
        "Too many requests. Try again in %(minutes)s minutes, or ask an owner for a "
        "sign-in link.",
        minutes,
    ) % {"minutes": minutes}


_THROTTLE = Throttle(REQUEST_WINDOW, _too_many_requests)


def _knows(browser: KnownBrowser, name: str) -> bool:
    user = find_active_user(name)
    return user is not None and user.pk in browser.people


@transaction.atomic
def request_sign_in_mail(
    name: str, *, address: str, browser: KnownBrowser | None = None, now: int
) -> SignInMailRequest:
    """Let the worker send a sign-in link to the user of this name or email address.

    It does the same for names that don't exist. Raises TooManyRequests.
    """
    name, time = fold_name(name), to_datetime(now)
    is_known = browser is not None and _knows(browser, name)
    if browser is not None and is_known:
        address = browser.address
    limits: list[tuple[dict[str, str], int]] = [
        ({"name": name, "address": address}, MAX_REQUESTS)
    ]
    if not is_known:
        limits.append(({"name": name}, MAX_REQUESTS_PER_NAME))
        limits.append(({"address": address}, MAX_REQUESTS_PER_ADDRESS))
    _THROTTLE.check(SignInMailRequest.objects.all(), limits, time)
    return SignInMailRequest.objects.create(name=name, address=address, time=time)
