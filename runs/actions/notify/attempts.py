"""Attempts to deliver: each is recorded before it begins, and repeated for a day.

A worker that is killed during an attempt leaves the row waiting. It is sent again after
`LEASE_MS`, with the same key.
"""

from __future__ import annotations

import logging

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from runs.models import Delivery, DeliveryState, now_ms

log = logging.getLogger("studio.notify")

DELIVERY_HOURS = 24
#: An attempt that takes longer is taken for one of a worker that was killed.
LEASE_MS = 5 * 60_000
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
#: Minutes until the next attempt; the last one counts for all later ones.
BACK_OFF_MINUTES = (1, 2, 4, 8, 15, 30, 60)
MAX_ERROR = 500


def waiting(now: int) -> QuerySet[Delivery]:
    """Return what is due."""
    return Delivery.objects.filter(state=DeliveryState.WAITING, due__lte=now)


def claim(delivery: Delivery, now: int, *related: str) -> bool:
    """Record the attempt; return whether no other worker has begun it.

    The delivery is read again, with what is `related`.
    """
    same = Delivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.WAITING, due=delivery.due
    )
    if not same.update(attempts=F("attempts") + 1, due=now + LEASE_MS):
        return False
    rows = Delivery.objects.select_related(*related)
    fresh = rows.filter(pk=delivery.pk).first()
    if fresh is None:
        return False
    delivery.__dict__.update(fresh.__dict__)
    return True


def end(
    delivery: Delivery, state: DeliveryState, reason: str, address: str = ""
) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state,
        ended=now_ms(),
        error=reason[:MAX_ERROR],
        address=address or delivery.address,
    )


def retry_later(delivery: Delivery, reason: str, now: int) -> None:
    since = delivery.created if delivery.resent is None else delivery.resent
    if now - since >= DELIVERY_HOURS * _HOUR_MS:
        end(delivery, DeliveryState.DEAD, reason)
        log.warning("A message was given up after %s hours: %s", DELIVERY_HOURS, reason)
        return
    minutes = BACK_OFF_MINUTES[min(delivery.attempts, len(BACK_OFF_MINUTES)) - 1]
    Delivery.objects.filter(pk=delivery.pk).update(
        due=now + minutes * _MINUTE_MS, error=reason[:MAX_ERROR]
    )


def hold_back(delivery: Delivery, until: int) -> None:
    """Take the attempt back: it begins its day of attempts then."""
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=F("attempts") - 1, due=until, resent=until
    )


def tried_for_a_day(rows: QuerySet[Delivery], now: int) -> QuerySet[Delivery]:
    """Return those of the rows that no other attempt is made for."""
    rows = rows.annotate(since=Coalesce("resent", "created"))
    return rows.filter(since__lte=now - DELIVERY_HOURS * _HOUR_MS)


def postpone(rows: QuerySet[Delivery], reason: str, now: int) -> None:
    """Keep others from a server that does not answer for a minute."""
    rows.update(due=now + BACK_OFF_MINUTES[0] * _MINUTE_MS, error=reason[:MAX_ERROR])
