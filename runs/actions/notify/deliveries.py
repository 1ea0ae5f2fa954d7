"""Send mails: each at least once, tried again for a day, never twice at a time.

A mail that is sent again has the same Message-ID. Whom a mail may tell what is decided
at the time of each attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from django.db.models import QuerySet

from runs.actions.notify.attempts import (
    claim,
    end,
    log,
    postpone,
    retry_later,
    waiting,
)
from runs.actions.notify.mails import (
    compose_confirmation,
    compose_notification,
    compose_sign_in_mail,
)
from runs.actions.notify.sign_in_mails import MAX_WAIT_MINUTES
from runs.actions.notify.status_notifications import is_muted
from runs.models import (
    AlertRecipient,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Member,
    Notification,
    NotificationSettings,
    User,
    now_ms,
)
from runs.notify import (
    Mail,
    MailConnection,
    PermanentMailError,
    TemporaryMailError,
    is_mail_configured,
)

_BATCH = 50
#: What a mail is composed of.
_RELATED = (
    "user",
    "notification__follow",
    "notification__event__run__experiment",
    "notification__event__run__submitter",
    "notification__event__run__workspace",
    "notification__workspace",
    "notification__rule",
    "notification__view",
    "notification__run__experiment",
    "notification__run__submitter",
    "notification__run__workspace",
)


class MailSender:
    """The worker's task: sends the mails that are due."""

    def __init__(self, base_url: Callable[[], str]) -> None:
        #: The public address of this server, for links.
        self._base_url = base_url

    def __call__(self, now: int) -> int:
        """Send what is due; return how many mails the server accepted."""
        if not is_mail_configured() or not _due(now).exists():
            return 0
        sent = 0
        with closing(MailConnection()) as connection:
            while found := list(_due(now_ms()).order_by("due", "pk")[:_BATCH]):
                for delivery in found:
                    try:
                        sent += self._attempt(delivery, connection)
                    except TemporaryMailError as error:
                        # Others would wait for the same server. They stay due: the
                        # next pass tries one.
                        now = now_ms()
                        postpone(_due(now), str(error), now)
                        return sent
        return sent

    def _attempt(self, delivery: Delivery, connection: MailConnection) -> int:
        """Try once; raise TemporaryMailError if the server itself failed."""
        now = now_ms()
        if not claim(delivery, now, *_RELATED):
            return 0
        if reason := _reason_to_skip(delivery, now):
            end(delivery, DeliveryState.SKIPPED, reason)
            return 0
        mail = self._compose(delivery)
        try:
            connection.send(mail)
        except PermanentMailError as error:
            end(delivery, DeliveryState.DEAD, str(error), mail.to)
            log.warning("A mail to %s was refused: %s", mail.to, error)
            return 0
        except TemporaryMailError as error:
            retry_later(delivery, str(error), now_ms())
            if error.is_server:
                raise
            return 0
        end(delivery, DeliveryState.SENT, "", mail.to)
        return 1

    def _compose(self, delivery: Delivery) -> Mail:
        base = self._base_url()
        if delivery.kind == DeliveryKind.CONFIRMATION:
            return compose_confirmation(delivery, base)
        if delivery.kind == DeliveryKind.SIGN_IN:
            return compose_sign_in_mail(delivery, base, now_ms())
        return compose_notification(delivery, base)


def _due(now: int) -> QuerySet[Delivery]:
    return waiting(now).exclude(kind=DeliveryKind.WEBHOOK)


def _reason_to_skip(delivery: Delivery, now: int) -> str:
    """Return why the mail is not sent; empty if it is."""
    user = delivery.user
    assert user is not None
    if not user.is_active:
        return "the account is deactivated"
    if delivery.kind == DeliveryKind.CONFIRMATION:
        # An address that was changed since must not be confirmed.
        return "" if user.email == delivery.address else "the address was changed"
    if not user.can_get_mail:
        return "the address is not confirmed"
    if delivery.kind == DeliveryKind.SIGN_IN:
        return _reason_against_sign_in(delivery, user, now)
    members = Member.objects.filter(user=user, workspace=delivery.workspace_id)
    if not members.exists():
        return "the recipient is no longer a member"
    return _choice_against(delivery, now)


def _reason_against_sign_in(delivery: Delivery, user: User, now: int) -> str:
    if user.email != delivery.address:
        return "the address was changed"
    is_old = now - delivery.created > MAX_WAIT_MINUTES * 60_000
    return "the request is too old" if is_old else ""


def _choice_against(delivery: Delivery, now: int) -> str:
    """Return which choice of the recipient forbids the mail."""
    chosen = NotificationSettings.objects.filter(user=delivery.user_id).first()
    if chosen is not None and not chosen.email:
        return "the recipient switched mails off"
    notification = delivery.notification
    assert notification is not None
    if notification.rule is not None:
        return _choice_against_rule(notification, now)
    follow = notification.follow
    if follow is None:
        return "the recipient unsubscribed"
    view = notification.view
    if view is not None and not (view.shared or view.owner_id == delivery.user_id):
        return "the view became private"
    return "the recipient muted this" if is_muted(follow, now) else ""


def _choice_against_rule(notification: Notification, now: int) -> str:
    rule = notification.rule
    assert rule is not None
    # A test goes to who asked for it.
    if notification.count == 0:
        return ""
    if rule.deleted is not None:
        return "the rule was deleted"
    rows = AlertRecipient.objects.filter(rule=rule, user=notification.user_id)
    own = rows.first()
    if own is not None and own.is_out:
        return "the recipient unsubscribed"
    if not (own is not None and own.is_listed) and not rule.to_submitter:
        return "the recipient was removed from the rule"
    until = own.muted_until if own is not None else None
    is_quiet = until is not None and until > now
    return "the recipient muted this" if is_quiet else ""
