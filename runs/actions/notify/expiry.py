"""Delete status changes, notifications, mails and alerts after `EVENT_DAYS`."""

from __future__ import annotations

from django.conf import settings

from runs.models import (
    Delivery,
    DeliveryState,
    FiredAlert,
    Notification,
    StatusChange,
)

BATCH = 1000
_DAY_MS = 24 * 3600 * 1000


def delete_expired_notifications(now: int) -> int:
    """Delete what is older; return how many rows. What waits to be sent stays."""
    before = now - settings.EVENT_DAYS * _DAY_MS
    deleted = 0
    for rows in (
        StatusChange.objects.filter(event__time__lt=before, is_open=False),
        Delivery.objects.filter(created__lt=before).exclude(
            state=DeliveryState.WAITING
        ),
        Notification.objects.filter(created__lt=before),
        FiredAlert.objects.filter(resolved__lt=before),
        # Without `resolve_after` it stays open; another match begins a new one.
        FiredAlert.objects.filter(resolved__isnull=True, last__lt=before, unsent=0),
    ):
        # In batches, so that no transaction holds up what scripts log.
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            rows.model._default_manager.filter(pk__in=keys).delete()
            deleted += len(keys)
    return deleted
