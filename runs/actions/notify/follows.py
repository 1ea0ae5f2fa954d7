"""Follow runs, experiments, and one's own runs; end it by a link of a mail."""

from __future__ import annotations

from collections.abc import Collection

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.models import (
    Experiment,
    Follow,
    NotificationSettings,
    Run,
    User,
    Workspace,
)
from studio.core.errors import InvalidValue, NotFound
from studio.core.statuses import RunStatus

MUTE_HOURS = 24
_HOUR_MS = 3600 * 1000
#: The links of mails: what is signed here serves no other purpose.
_SALT = "studio.notify.follow"


@transaction.atomic
def follow(
    workspace: Workspace,
    subject: Run | Experiment | None,
    on: bool,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Follow a run, an experiment, or with None the actor's own runs; or stop it."""
    assert actor.user is not None
    place = {
        "user": actor.user,
        "workspace": workspace,
        "run": subject if isinstance(subject, Run) else None,
        "experiment": subject if isinstance(subject, Experiment) else None,
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


def sign_follow(follow: Follow) -> str:
    """Return the text that the links of a mail name the follow by."""
    return signing.dumps([follow.pk, follow.user_id], salt=_SALT)


def find_signed_follow(signed: str) -> Follow:
    """Return the follow of a mail's link; raise NotFound if it has ended."""
    try:
        key, user = signing.loads(signed, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise _no_follow() from error
    rows = Follow.objects.select_related("user", "workspace", "run", "experiment")
    found = rows.filter(pk=key, user=user).first()
    if found is None:
        raise _no_follow()
    return found


def _no_follow() -> NotFound:
    return NotFound(
        _("This link is wrong, or you already unsubscribed from these messages.")
    )


def stop_following(follow: Follow) -> None:
    Follow.objects.filter(pk=follow.pk).delete()


def mute_follow(follow: Follow, *, now: int) -> None:
    """Send no mails because of it for 24 hours."""
    until = now + MUTE_HOURS * _HOUR_MS
    Follow.objects.filter(pk=follow.pk).update(muted_until=until)
