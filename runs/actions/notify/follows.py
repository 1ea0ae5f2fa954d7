"""Follow runs, experiments, views, and one's own runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.notify.pacing import held_until, zone_of
from runs.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Experiment,
    Follow,
    MailPace,
    NotificationSettings,
    Run,
    User,
    View,
    Workspace,
    all_mail_events,
)
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus

MINUTES_OF_DAY = 24 * 60


@transaction.atomic
def follow(
    workspace: Workspace,
    subject: Run | Experiment | View | None,
    on: bool,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Follow a run, an experiment, what enters a view, or with None one's own runs.

    Without `on` stop it.
    """
    assert actor.user is not None
    place = {
        "user": actor.user,
        "workspace": workspace,
        "run": subject if isinstance(subject, Run) else None,
        "experiment": subject if isinstance(subject, Experiment) else None,
        "view": subject if isinstance(subject, View) else None,
    }
    if on:
        Follow.objects.get_or_create(**place, defaults={"created": now})
    else:
        Follow.objects.filter(**place).delete()


@dataclass(frozen=True)
class NotificationChoices:
    """What notifies a person, by which channels and when.

    Times of the day are minutes since midnight in the person's time zone.
    """

    statuses: Collection[str]
    email: bool
    mail_events: Collection[str] = field(default_factory=all_mail_events)
    pace: str = MailPace.NOW
    daily_at: int = 8 * 60
    quiet_from: int | None = None
    quiet_until: int | None = None


@transaction.atomic
def set_notification_settings(
    user: User, choices: NotificationChoices, *, actor: Actor, now: int
) -> None:
    """Set what notifies the person; raise InvalidValue."""
    _check_choices(choices)
    known = all_mail_events()
    chosen, _is_new = NotificationSettings.objects.update_or_create(
        user=user,
        defaults={
            "statuses": [s.value for s in RunStatus if s.value in choices.statuses],
            "email": choices.email,
            "mail_events": [each for each in known if each in choices.mail_events],
            "pace": choices.pace,
            "daily_at": choices.daily_at,
            "quiet_from": choices.quiet_from,
            "quiet_until": choices.quiet_until,
        },
    )
    due = held_until(chosen, zone_of(user), now) or now
    waiting = Delivery.objects.filter(
        user=user, kind=DeliveryKind.DIGEST, state=DeliveryState.WAITING, attempts=0
    )
    waiting.update(due=due, resent=due)


def _check_choices(choices: NotificationChoices) -> None:
    known = set(all_mail_events())
    unknown = sorted({*choices.statuses, *choices.mail_events} - known)
    if unknown:
        raise InvalidValue(
            _("Unknown status: %(name)s.") % {"name": unknown[0]}, field="statuses"
        )
    if choices.pace not in MailPace.values:
        raise InvalidValue(_("Choose how often mails are sent."), field="pace")
    times = {
        "daily_at": choices.daily_at,
        "quiet_from": choices.quiet_from,
        "quiet_until": choices.quiet_until,
    }
    for name, minutes in times.items():
        if minutes is not None and not 0 <= minutes < MINUTES_OF_DAY:
            raise InvalidValue(_("Enter a time of the day, like 22:00."), field=name)
    if (choices.quiet_from is None) != (choices.quiet_until is None):
        raise InvalidValue(
            _("Enter when the quiet hours begin and when they end."),
            field="quiet_from",
        )
    if choices.quiet_from is not None and choices.quiet_from == choices.quiet_until:
        raise InvalidValue(
            _("The quiet hours must not end when they begin."), field="quiet_until"
        )


def stop_following(follow: Follow) -> None:
    Follow.objects.filter(pk=follow.pk).delete()
