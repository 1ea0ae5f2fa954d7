"""The address of an account gets mails only after a link in a mail confirmed it."""

from __future__ import annotations

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.models import Delivery, DeliveryKind, DeliveryState, User
from runs.notify import is_mail_configured
from studio.core.errors import InvalidState, LinkUsedUp, TooManyRequests

CONFIRMATION_DAYS = 7
#: Between two such mails to one person.
MIN_MINUTES = 1
_SALT = "studio.notify.address"


@transaction.atomic
def request_confirmation(user: User, *, actor: Actor, now: int) -> Delivery:
    """Let the worker send the mail with the link to the account's address.

    Raises InvalidState without an address or a mail server, and TooManyRequests.
    """
    if not is_mail_configured():
        raise InvalidState(_("This server has no mail server. An operator can set it."))
    if not user.email:
        raise InvalidState(_("Your account has no email address."))
    if user.can_get_mail:
        raise InvalidState(_("Your email address is already confirmed."))
    # Two requests at once wait for each other here.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    since = now - MIN_MINUTES * 60_000
    rows = Delivery.objects.filter(user=user, kind=DeliveryKind.CONFIRMATION)
    if rows.filter(created__gt=since).exists():
        raise TooManyRequests(
            _("A mail was sent a moment ago. Wait a minute, then try again."),
            retry_after=MIN_MINUTES * 60,
        )
    rows.filter(state=DeliveryState.WAITING).update(
        state=DeliveryState.SKIPPED, ended=now, error="replaced by a later one"
    )
    return Delivery.objects.create(
        key=f"c{user.pk}.{now}",
        kind=DeliveryKind.CONFIRMATION,
        user=user,
        address=user.email,
        created=now,
        due=now,
    )


def sign_confirmation(delivery: Delivery) -> str:
    return signing.dumps([delivery.user_id, delivery.address], salt=_SALT)


def read_confirmation(signed: str) -> User:
    """Return whose address the link confirms; raise LinkUsedUp if it no longer does."""
    expired = LinkUsedUp(
        _("This link is wrong or has expired. Request a new one on your account page.")
    )
    try:
        seconds = CONFIRMATION_DAYS * 24 * 3600
        key, address = signing.loads(signed, salt=_SALT, max_age=seconds)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise expired from error
    # The address can have changed since.
    user = User.objects.filter(pk=key, email=address, is_active=True).first()
    if user is None:
        raise expired
    return user


def confirm_address(signed: str) -> User:
    """Confirm the address of a mail's link; raise LinkUsedUp."""
    user = read_confirmation(signed)
    # The condition is checked again: the address can change in the meantime.
    User.objects.filter(pk=user.pk, email=user.email).update(confirmed_email=user.email)
    return user
