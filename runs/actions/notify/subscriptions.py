"""Why a person gets mails: a follow or a rule. Links of mails end or mute it."""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing
from django.utils.translation import gettext as _

from runs.models import (
    AlertRecipient,
    AlertRule,
    Follow,
    Notification,
    NotificationSettings,
    User,
)
from studio.core.errors import NotFound

MUTE_HOURS = 24
_HOUR_MS = 3600 * 1000
#: What is signed here serves no other purpose.
_SALT = "studio.notify.subscription"
_FOLLOW, _RULE, _ALL_MAILS = "follow", "rule", "mails"


@dataclass(frozen=True)
class Subscription:
    """A follow, or an alert rule with the person's row of it; else all mails."""

    follow: Follow | None = None
    rule: AlertRule | None = None
    user: int = 0

    @property
    def name(self) -> str:
        if self.rule is not None:
            return _("the rule %(name)s") % {"name": self.rule.name}
        if self.follow is None:
            return _("runs and rules by mail")
        if self.follow.run is not None:
            return self.follow.run.name
        if self.follow.experiment is not None:
            return self.follow.experiment.name
        if self.follow.view is not None:
            return self.follow.view.name
        text = _("your own runs in %(workspace)s")
        return text % {"workspace": self.follow.workspace.name}


def sign_subscription(notification: Notification) -> str:
    """Return the text that the links of the notification's mail contain."""
    kind, key = _FOLLOW, notification.follow_id
    if notification.rule_id is not None:
        kind, key = _RULE, notification.rule_id
    return signing.dumps([kind, key, notification.user_id], salt=_SALT)


def sign_all_mails(user: User) -> str:
    """Return the text that the link of a mail of several notifications contains."""
    return signing.dumps([_ALL_MAILS, 0, user.pk], salt=_SALT)


def find_subscription(signed: str) -> Subscription:
    """Return what a mail's link names; raise NotFound if it has ended."""
    try:
        kind, key, user = signing.loads(signed, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise _not_found() from error
    if kind == _ALL_MAILS:
        return Subscription(user=user)
    if kind == _RULE:
        # A former member does not learn what the rule is named by now.
        rules = AlertRule.objects.active().filter(workspace__members__user=user)
        rule = rules.filter(pk=key).first()
        own = AlertRecipient.objects.filter(rule=key, user=user).first()
        if rule is None or (own is not None and own.is_out):
            raise _not_found()
        return Subscription(rule=rule, user=user)
    rows = Follow.objects.select_related("workspace", "run", "experiment", "view")
    # A former member does not learn what the run is named by now.
    rows = rows.filter(workspace__members__user=user)
    follow = rows.filter(pk=key, user=user).first()
    if follow is None:
        raise _not_found()
    return Subscription(follow=follow, user=user)


def _not_found() -> NotFound:
    return NotFound(
        _("This link is wrong, or you already unsubscribed from these messages.")
    )


def unsubscribe(found: Subscription) -> None:
    """End the follow; of a rule, remember that the person wants none of it.

    Without either, switch off the person's mails.
    """
    if found.follow is not None:
        Follow.objects.filter(pk=found.follow.pk).delete()
        return
    if found.rule is None:
        NotificationSettings.objects.update_or_create(
            user_id=found.user, defaults={"email": False}
        )
        return
    AlertRecipient.objects.update_or_create(
        rule=found.rule, user_id=found.user, defaults={"is_out": True}
    )


def mute_subscription(found: Subscription, *, now: int) -> None:
    """Send no mails because of it for 24 hours."""
    until = now + MUTE_HOURS * _HOUR_MS
    if found.follow is not None:
        Follow.objects.filter(pk=found.follow.pk).update(muted_until=until)
        return
    if found.rule is None:
        # No mail has this link.
        raise _not_found()
    AlertRecipient.objects.update_or_create(
        rule=found.rule, user_id=found.user, defaults={"muted_until": until}
    )
