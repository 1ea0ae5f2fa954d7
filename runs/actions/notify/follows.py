"""Follow runs, experiments, views, and one's own runs."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.models import (
    Experiment,
    Follow,
    NotificationSettings,
    Run,
    User,
    View,
    Workspace,
)
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus


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


def set_notification_settings(
    user: User, *, statuses: Collection[str], email: bool, actor: Actor, now: int
) -> None:
    """Set which statuses notify the person, and whether by mail, too."""
    known = {status.value for status in RunStatus}
    unknown = sorted(set(statuses) - known)
    if unknown:
        raise InvalidValue(
            _("Unknown status: %(name)s.") % {"name": unknown[0]}, field="statuses"
        )
    NotificationSettings.objects.update_or_create(
        user=user,
        defaults={
            "statuses": [s.value for s in RunStatus if s.value in statuses],
            "email": email,
        },
    )


def stop_following(follow: Follow) -> None:
    Follow.objects.filter(pk=follow.pk).delete()
