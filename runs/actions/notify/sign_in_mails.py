"""Turn requests for sign-in links into mails: only to addresses that are confirmed."""

from __future__ import annotations

from django.db import transaction

from runs.actions.account import find_active_user
from runs.models import Delivery, DeliveryKind, DeliveryState, SignInMailRequest
from runs.notify import is_mail_configured

#: A mail that is sent later than this would surprise its reader.
MAX_WAIT_MINUTES = 60
_BATCH = 100


def create_sign_in_mails(now: int) -> int:
    """Create the mails of open requests; return how many."""
    return sum(_answer(request, now) for request in _open_requests())


def _open_requests() -> list[SignInMailRequest]:
    rows = SignInMailRequest.objects.filter(is_open=True)
    return list(rows.order_by("pk")[:_BATCH])


@transaction.atomic
def _answer(request: SignInMailRequest, now: int) -> int:
    open_row = SignInMailRequest.objects.filter(pk=request.pk, is_open=True)
    if not open_row.update(is_open=False):
        return 0
    user = find_active_user(request.name)
    if user is None or not user.can_get_mail or not is_mail_configured():
        return 0
    waiting = Delivery.objects.filter(
        user=user, kind=DeliveryKind.SIGN_IN, state=DeliveryState.WAITING
    )
    # One mail answers all requests until it is sent.
    if waiting.exists():
        return 0
    Delivery.objects.create(
        key=f"s{user.pk}.{request.pk}",
        kind=DeliveryKind.SIGN_IN,
        user=user,
        address=user.email,
        created=now,
        due=now,
    )
    return 1
