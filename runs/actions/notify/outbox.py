"""What becomes a notification: status changes, the people, and mails to be sent."""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from runs.actions.notify.pacing import MINUTE_MS, held_until, zone_of
from runs.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Member,
    Notification,
    NotificationSettings,
    User,
)
from runs.notify import is_mail_configured

#: Mails of single messages that a person gets from a workspace in `PAUSE_MINUTES`.
#: What comes on top of them is one mail.
MAX_SINGLE_MAILS = 10
PAUSE_MINUTES = 10
#: A mail of many messages waits for more of them.
GATHERING_MS = 30_000


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

    chosen: NotificationSettings
    zone: zoneinfo.ZoneInfo
    has_address: bool

    def gets_mail(self, event: str) -> bool:
        """Whether the event is a mail: a status, `RULE_EVENT` or `VIEW_EVENT`."""
        return (
            self.has_address and self.chosen.email and event in self.chosen.mail_events
        )


def read_people(
    users: Collection[int], spaces: Collection[int]
) -> Mapping[tuple[int, int], Person]:
    """Return the members among the users, by user and workspace."""
    members = Member.objects.filter(
        user__in=users, workspace__in=spaces, user__is_active=True
    ).values_list("user_id", "workspace_id")
    accounts = User.objects.in_bulk(list(users))
    chosen = NotificationSettings.objects.in_bulk(list(users))
    people = {
        key: Person(
            chosen.get(key) or NotificationSettings(user_id=key),
            zone_of(account),
            account.can_get_mail,
        )
        for key, account in accounts.items()
    }
    return {(user, space): people[user] for user, space in members}


def plan_mails(
    notifications: Iterable[Notification],
    people: Mapping[tuple[int, int], Person],
    now: int,
) -> None:
    """Plan the mails of new notifications, in the transaction that created them.

    Each is a mail, or one of several in a mail: as the person chose, and also if there
    are too many. So ten thousand runs that end at once are one mail.
    """
    if not is_mail_configured():
        return
    by_reader: dict[tuple[int, int], list[Notification]] = defaultdict(list)
    for each in notifications:
        by_reader[each.user_id, each.workspace_id].append(each)
    recent = _count_single_mails(by_reader, now)
    single: list[Delivery] = []
    # Always in the same order: each locks a row.
    for reader in sorted(by_reader):
        found, person = by_reader[reader], people[reader]
        due = held_until(person.chosen, person.zone, now)
        if due is None and recent[reader] + len(found) <= MAX_SINGLE_MAILS:
            single += [new_delivery(each, now) for each in found]
        else:
            _add_to_digest(reader, found, due, now)
    Delivery.objects.bulk_create(single)


def _count_single_mails(
    readers: Collection[tuple[int, int]], now: int
) -> Mapping[tuple[int, int], int]:
    rows = Delivery.objects.filter(
        user__in={user for user, _space in readers},
        kind=DeliveryKind.NOTIFICATION,
        created__gt=now - PAUSE_MINUTES * MINUTE_MS,
    )
    counted = rows.order_by().values_list("user", "workspace").annotate(Count("pk"))
    found: dict[tuple[int, int], int] = defaultdict(int)
    for user, space, number in counted:
        if user is not None and space is not None:
            found[user, space] = number
    return found


def _add_to_digest(
    reader: tuple[int, int],
    notifications: Sequence[Notification],
    due: int | None,
    now: int,
) -> None:
    """Add them to the mail that waits; without one begin it."""
    user, space = reader
    rows = Delivery.objects.filter(
        user=user, workspace=space, kind=DeliveryKind.DIGEST
    ).order_by("-pk")
    # One that was tried was composed: a mail that is sent again must be the same.
    waiting = rows.filter(state=DeliveryState.WAITING, attempts=0)
    if connection.vendor == "postgresql":
        # The sender waits until these messages are in it.
        waiting = waiting.select_for_update(no_key=True)
    digest = waiting.first()
    if due is None:
        last = rows.exclude(ended=None).values_list("ended", flat=True).first()
        pause_ends = (last or 0) + PAUSE_MINUTES * MINUTE_MS
        due = max(now + GATHERING_MS, pause_ends)
    if digest is None:
        digest = Delivery.objects.create(
            key=f"d{notifications[0].pk}.{now}",
            kind=DeliveryKind.DIGEST,
            user_id=user,
            workspace_id=space,
            created=now,
            resent=due,
            due=due,
        )
    elif due < digest.due:
        Delivery.objects.filter(pk=digest.pk).update(due=due, resent=due)
    keys = [each.pk for each in notifications]
    Notification.objects.filter(pk__in=keys).update(digest=digest)


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
