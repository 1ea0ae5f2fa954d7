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
    hold_back,
    log,
    postpone,
    retry_later,
    waiting,
)
from runs.actions.notify.digest_mails import compose_digest
from runs.actions.notify.mails import (
    compose_confirmation,
    compose_notification,
    compose_quota_mail,
    compose_sign_in_mail,
)
from runs.actions.notify.pacing import end_of_quiet, zone_of
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
_OF_NOTIFICATION = (
    "follow",
    "event__run__experiment",
    "event__run__submitter",
    "event__run__workspace",
    "workspace",
    "rule",
    "view",
    "run__experiment",
    "run__submitter",
    "run__workspace",
)
_RELATED = (
    *("user", "workspace"),
    *(f"notification__{name}" for name in _OF_NOTIFICATION),
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
        reason = _reason_to_skip(delivery, now)
        if not reason and (until := _quiet_until(delivery, now)):
            hold_back(delivery, until)
            return 0
        mail = reason or self._compose(delivery, now)
        if isinstance(mail, str):
            end(delivery, DeliveryState.SKIPPED, mail)
            return 0
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

    def _compose(self, delivery: Delivery, now: int) -> Mail | str:
        """Return the mail, or why nothing of it is sent."""
        base = self._base_url()
        if delivery.kind == DeliveryKind.CONFIRMATION:
            return compose_confirmation(delivery, base)
        if delivery.kind == DeliveryKind.SIGN_IN:
            return compose_sign_in_mail(delivery, base, now)
        if delivery.kind == DeliveryKind.QUOTA:
            return compose_quota_mail(delivery, base)
        if delivery.kind == DeliveryKind.DIGEST:
            return _compose_digest(delivery, base, now)
        notification = delivery.notification
        assert notification is not None
        reason = _choice_against(notification, now)
        return reason or compose_notification(delivery, notification, base)


def _compose_digest(delivery: Delivery, base: str, now: int) -> Mail | str:
    rows = Notification.objects.filter(digest=delivery).order_by("-pk")
    reasons: dict[tuple[int | None, ...], str] = {}
    wanted = []
    for each in rows.select_related(*_OF_NOTIFICATION):
        # Of ten thousand runs, most are of the same follow.
        subject = (each.follow_id, each.rule_id, each.view_id)
        if subject not in reasons:
            reasons[subject] = _choice_against(each, now)
        if not reasons[subject]:
            wanted.append(each)
    if not wanted:
        return next(iter(reasons.values()), "the runs were deleted")
    if len(wanted) == 1:
        return compose_notification(delivery, wanted[0], base)
    return compose_digest(delivery, wanted, base)


def _quiet_until(delivery: Delivery, now: int) -> int | None:
    """Return when the quiet hours of the recipient end, if they hold the mail back."""
    is_test = delivery.notification is not None and not delivery.notification.count
    if delivery.kind not in (DeliveryKind.NOTIFICATION, DeliveryKind.DIGEST) or is_test:
        return None
    user = delivery.user
    assert user is not None
    chosen = NotificationSettings.objects.filter(user=user).first()
    return end_of_quiet(chosen, zone_of(user), now) if chosen is not None else None


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
    is_off = NotificationSettings.objects.filter(user=user, email=False).exists()
    return "the recipient switched mails off" if is_off else ""


def _reason_against_sign_in(delivery: Delivery, user: User, now: int) -> str:
    if user.email != delivery.address:
        return "the address was changed"
    is_old = now - delivery.created > MAX_WAIT_MINUTES * 60_000
    return "the request is too old" if is_old else ""


def _choice_against(notification: Notification, now: int) -> str:
    """Return which choice of the recipient forbids a mail about it."""
    if notification.rule is not None:
        return _choice_against_rule(notification, now)
    follow = notification.follow
    if follow is None:
        return "the recipient unsubscribed"
    view = notification.view
    if view is not None and not (view.shared or view.owner_id == notification.user_id):
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
