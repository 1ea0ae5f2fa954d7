"""Mails that tell of several notifications: their numbers, and the latest ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.actions.notify.mails import mail_settings_link, reading_as
from runs.actions.notify.subscriptions import sign_all_mails
from runs.models import Delivery, Notification
from runs.notify import Mail, message_id
from runs.render.formats import grouped, run_path, status_label
from runs.render.notify import MailFact, MailLink, RunMail, run_mail_bodies
from studio.core.statuses import RunStatus

#: Of the messages that are listed one by one.
MAX_LISTED = 20
#: The mail has the color of the first status that one of its runs has.
_WORST_FIRST = (RunStatus.FAILED, RunStatus.NOT_RESPONDING)


def compose_digest(
    delivery: Delivery, notifications: Sequence[Notification], base: str
) -> Mail:
    """Compose the mail of these notifications, the newest first."""
    user, workspace = delivery.user, delivery.workspace
    assert user is not None
    assert workspace is not None
    with reading_as(user):
        path = reverse("notify-unsubscribe", args=[sign_all_mails(user)])
        unsubscribe = f"{base}{path}"
        content = _content(workspace.name, notifications, base, unsubscribe)
        text, html = run_mail_bodies(content)
        subject = f"[{content.workspace}] {content.status_label}: {content.title}"
    return Mail(
        user.email,
        subject,
        text,
        html,
        message_id(delivery.key),
        unsubscribe=unsubscribe,
    )


def _content(
    space: str, notifications: Sequence[Notification], base: str, unsubscribe: str
) -> RunMail:
    statuses = Counter(_status(each) for each in notifications if each.event)
    count = len(notifications)
    label = ngettext("%(n)s notification", "%(n)s notifications", count)
    facts = tuple(_counts(notifications, statuses))
    worst = next((each for each in _WORST_FIRST if each in statuses), None)
    return RunMail(
        workspace=space,
        status=worst or _most(statuses),
        status_label=label % {"n": grouped(count)},
        title=", ".join(f"{fact.label}: {fact.value}" for fact in facts),
        facts=facts,
        error="",
        error_note="",
        log_title="",
        log_lines=(),
        links=(MailLink(_("Open inbox"), f"{base}{reverse('inbox')}"),),
        reason=_(
            "You receive this mail because you follow runs or receive alerts in "
            "%(workspace)s."
        )
        % {"workspace": space},
        foot_links=(
            MailLink(_("Unsubscribe"), unsubscribe),
            mail_settings_link(base),
        ),
        items_title=_("Latest"),
        items=tuple(_item(each, space, base) for each in notifications[:MAX_LISTED]),
    )


def _most(statuses: Counter[RunStatus]) -> RunStatus:
    [(status, _count)] = statuses.most_common(1) or [(RunStatus.NOT_STARTED, 0)]
    return status


def _status(notification: Notification) -> RunStatus:
    assert notification.event is not None
    return RunStatus.from_code(notification.event.new)


def _counts(
    notifications: Sequence[Notification], statuses: Counter[RunStatus]
) -> Iterator[MailFact]:
    for status in sorted(statuses, key=_place):
        yield MailFact(status_label(status), grouped(statuses[status]))
    runs: Counter[str] = Counter()
    for each in notifications:
        if each.rule is not None or each.view is not None:
            runs[_subject(each)] += each.count
    for name, number in runs.most_common():
        yield MailFact(name, grouped(number))


def _place(status: RunStatus) -> tuple[bool, int]:
    return status not in _WORST_FIRST, status.code


def _subject(notification: Notification) -> str:
    if notification.rule is not None:
        return _("Rule %(name)s") % {"name": notification.rule.name}
    assert notification.view is not None
    return _("View %(name)s") % {"name": notification.view.name}


def _item(notification: Notification, space: str, base: str) -> MailFact:
    event = notification.event
    run = event.run if event is not None else notification.run
    if event is not None:
        label = status_label(_status(notification))
    else:
        label = _subject(notification)
    if run is None:
        return MailFact(label, grouped(notification.count))
    return MailFact(label, run.name, f"{base}{run_path(space, run.run_id)}")
