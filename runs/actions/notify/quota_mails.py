"""Mail the owners of a workspace that has nearly used up its quota."""

from __future__ import annotations

from django.db import transaction

from runs.actions.usage import WARNING_SHARE, read_fill
from runs.models import Delivery, DeliveryKind, Member, Role, StorageSettings


def warn_owners_of_quota(now: int) -> int:
    """Create the mails of workspaces that came to the share; return how many.

    A workspace is told of once, until it stores less again.
    """
    rows = StorageSettings.objects.filter(quota__isnull=False)
    return sum(_warn(settings, now) for settings in rows.order_by("pk"))


def _warn(settings: StorageSettings, now: int) -> int:
    fill = read_fill(settings.pk)
    if fill is None:
        return 0
    is_full = fill.used >= WARNING_SHARE * fill.quota
    with transaction.atomic():
        rows = StorageSettings.objects.filter(pk=settings.pk, is_warned=not is_full)
        # Another worker can have done it.
        if not rows.update(is_warned=is_full) or not is_full:
            return 0
        owners = Member.objects.filter(workspace=settings.pk, role=Role.OWNER)
        users = [each.user for each in owners.select_related("user")]
        mails = [
            Delivery(
                key=f"q{settings.pk}.{user.pk}.{now}",
                kind=DeliveryKind.QUOTA,
                user=user,
                workspace_id=settings.pk,
                address=user.email,
                created=now,
                due=now,
            )
            for user in users
            if user.is_active and user.can_get_mail
        ]
        Delivery.objects.bulk_create(mails)
    return len(mails)
