"""What becomes a notification: status changes, the people, and mails to be sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from runs.models import (
    Delivery,
    DeliveryKind,
    Member,
    Notification,
    NotificationSettings,
    User,
)


@dataclass(frozen=True)
class ChangedRun:
    """A status change, with the run as far as its followers depend on it."""

    event: int
    workspace: int
    status: str
    time: int
    run: int
    experiment: int
    submitter: int | None
    is_child: bool


@dataclass(frozen=True)
class Person:
    """A member, and what they chose."""

    statuses: frozenset[str]
    gets_mail: bool


def read_people(
    users: Collection[int], spaces: Collection[int]
) -> Mapping[tuple[int, int], Person]:
    """Return the members among the users, by user and workspace."""
    members = Member.objects.filter(
        user__in=users, workspace__in=spaces, user__is_active=True
    ).values_list("user_id", "workspace_id")
    accounts = User.objects.in_bulk(list(users))
    chosen = NotificationSettings.objects.in_bulk(list(users))
    found = {}
    for user, space in members:
        own = chosen.get(user) or NotificationSettings(user_id=user)
        gets_mail = own.email and accounts[user].can_get_mail
        found[user, space] = Person(frozenset(own.statuses), gets_mail)
    return found


def new_delivery(notification: Notification, now: int) -> Delivery:
    return Delivery(
        key=f"n{notification.pk}.{now}",
        kind=DeliveryKind.NOTIFICATION,
        user_id=notification.user_id,
        notification=notification,
        workspace_id=notification.workspace_id,
        created=now,
        due=now,
    )
