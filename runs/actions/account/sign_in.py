"""Sign-in with a password, with rate limits by user name, address and browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.actions.account.secrets import to_datetime
from runs.actions.account.throttle import Throttle
from runs.models import SignInFailure, User
from studio.core import names
from studio.core.errors import InvalidValue

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


def _too_many_failures(minutes: int) -> str:
    return ngettext(
        "Too many failed attempts. Try again in %(minutes)s minute, or use a "
        "one-click link.",
        "Too many failed attempts. Try again in %(minutes)s minutes, or use a "
        "one-click link.",
        minutes,
    ) % {"minutes": minutes}


_THROTTLE = Throttle(THROTTLE_WINDOW, _too_many_failures)


@dataclass(frozen=True)
class KnownBrowser:
    """A browser in which these people signed in before, by their keys."""

    key: str
    people: tuple[int, ...]

    @property
    def address(self) -> str:
        """What its attempts are counted by, instead of its network address."""
        return f"browser {self.key}"


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
    name = fold_name(name)
    time = to_datetime(now)
    user = find_active_user(name)
    if browser is not None and user is not None and user.pk in browser.people:
        address = browser.address
        _record_attempt(name, address, time, is_known=True)
    else:
        _record_attempt(name, address, time)
    known = _verify_password(user, password)
    if user is None or not known:
        raise InvalidValue(_("Wrong name or password."), field="name")
    # Only this address or browser: others may still be guessing this name.
    SignInFailure.objects.filter(name=name, address=address).delete()
    return user


def fold_name(name: str) -> str:
    """Return the name as tables of attempts store it: no spelling has its own count."""
    return name.strip().lower()[: names.MAX_USER_NAME]


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
    _THROTTLE.check(SignInFailure.objects.all(), limits, time)
    failure = SignInFailure.objects.create(name=name, address=address)
    # `auto_now_add` uses the machine's clock; actions use the time that they are given.
    SignInFailure.objects.filter(pk=failure.pk).update(time=time)


def find_active_user(name: str) -> User | None:
    """Return the active user with this name or email address."""
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
