"""Sign-in with a password, with rate limits by user name, address and browser."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.actions.account.secrets import to_datetime
from runs.models import SignInFailure, User
from studio.core import names
from studio.core.errors import InvalidValue, TooManyRequests

THROTTLE_WINDOW = timedelta(minutes=15)
#: Of one name from one address, or in one browser that the person used before.
MAX_FAILURES = 5
#: From all addresses together. More, because anybody can use them up.
MAX_FAILURES_PER_NAME = 100
#: More, because a team can share one address behind a proxy or router.
MAX_FAILURES_PER_ADDRESS = 30
FAILURE_LIFETIME = timedelta(days=1)
#: Limits the work that callers without an account can cause.
MAX_PASSWORD_LENGTH = 4096


@dataclass(frozen=True)
class KnownBrowser:
    """A browser in which these people signed in before, by their keys."""

    key: str
    people: tuple[int, ...]


def check_sign_in(
    name: str,
    password: str,
    *,
    address: str,
    browser: KnownBrowser | None = None,
    now: int,
) -> User:
    """Return the user with this name (or email address) and password.

    Failures of others don't count for a browser in which the user signed in before.

    Raises InvalidValue, and TooManyRequests after too many failures. Message and
    duration do not reveal whether the name or the password was wrong.
    """
    # Folded and cut as the throttle's table stores it, so no spelling gets its own
    # count.
    name = name.strip().lower()[: names.MAX_USER_NAME]
    time = to_datetime(now)
    user = _find_user(name)
    if browser is not None and user is not None and user.pk in browser.people:
        address = f"browser {browser.key}"
        _record_attempt(name, address, time, is_known=True)
    else:
        _record_attempt(name, address, time)
    known = _verify_password(user, password)
    if user is None or not known:
        raise InvalidValue(_("Wrong name or password."), field="name")
    # Only this address or browser: others may still be guessing this name.
    SignInFailure.objects.filter(name=name, address=address).delete()
    return user


@transaction.atomic
def _record_attempt(
    name: str, address: str, time: datetime, *, is_known: bool = False
) -> None:
    """Count the attempt before the check, so parallel attempts count too."""
    SignInFailure.objects.filter(time__lt=time - FAILURE_LIFETIME).delete()
    limits: list[tuple[dict[str, str], int]] = [
        ({"name": name, "address": address}, MAX_FAILURES)
    ]
    if not is_known:
        limits.append(({"name": name}, MAX_FAILURES_PER_NAME))
        limits.append(({"address": address}, MAX_FAILURES_PER_ADDRESS))
    for same, limit in limits:
        _refuse_too_many_attempts(_times_of_recent_failures(time, **same), limit, time)
    failure = SignInFailure.objects.create(name=name, address=address)
    # `auto_now_add` uses the machine's clock; actions use the time that they are given.
    SignInFailure.objects.filter(pk=failure.pk).update(time=time)


def _times_of_recent_failures(time: datetime, **same: str) -> list[datetime]:
    rows = SignInFailure.objects.filter(time__gt=time - THROTTLE_WINDOW, **same)
    return list(rows.order_by("time").values_list("time", flat=True))


def _refuse_too_many_attempts(
    times: list[datetime], limit: int, time: datetime
) -> None:
    if len(times) < limit:
        return
    seconds = math.ceil((times[-limit] + THROTTLE_WINDOW - time).total_seconds())
    minutes = math.ceil(seconds / 60)
    raise TooManyRequests(
        ngettext(
            "Too many failed attempts. Try again in %(minutes)s minute, or use a "
            "one-click link.",
            "Too many failed attempts. Try again in %(minutes)s minutes, or use a "
            "one-click link.",
            minutes,
        )
        % {"minutes": minutes},
        retry_after=seconds,
    )


def _find_user(name: str) -> User | None:
    active = User.objects.filter(is_active=True)
    user = active.filter(username__iexact=name).first()
    if user is None and "@" in name:
        # An address that two users share identifies neither of them.
        found = list(active.filter(email__iexact=name)[:2])
        user = found[0] if len(found) == 1 else None
    return user


def _verify_password(user: User | None, password: str) -> bool:
    if (
        user is None
        or not user.has_usable_password()
        or len(password) > MAX_PASSWORD_LENGTH
    ):
        # Do as much work as a real check: the duration must not reveal the result.
        make_password(password[:MAX_PASSWORD_LENGTH])
        return False
    return check_password(password, user.password)
