"""The inbox: notifications of the signed-in person, from all workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from runs.access import BROWSER_ONLY, StudioRequest, access, signed_in_user
from runs.actions.notify import mark_all_read, mark_read
from runs.models import (
    AlertRule,
    Comment,
    FollowReason,
    Notification,
    User,
    View,
    now_ms,
)
from runs.pages.requests import CountField, PageForm, safe_return_path
from runs.render.formats import (
    experiment_path,
    grouped,
    local_time,
    run_path,
    status_label,
)
from runs.render.run import headline_of_error
from runs.search.notify import INBOX_FILTERS, MAX_BADGE, count_inbox, list_inbox
from studio.core.statuses import RunStatus

MAX_EXCERPT_CHARS = 200
#: Digits of a key: longer numbers can exceed 64 bits, which both databases refuse.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class InboxEntry:
    notification: Notification
    title: str
    href: str
    #: The status of the run, for its icon; None for a mention.
    status: RunStatus | None
    text: str
    experiment: str
    experiment_href: str
    reason: str
    #: Of an alert rule.
    severity: int | None = None


@dataclass(frozen=True)
class InboxDay:
    title: str
    entries: list[InboxEntry]


@access(BROWSER_ONLY)
@require_safe
def inbox_page(request: StudioRequest) -> HttpResponse:
    """The page, or for htmx the drawer next to another page."""
    user = signed_in_user(request)
    tab = request.GET.get("tab", "all")
    tab = tab if tab in INBOX_FILTERS else "all"
    before = request.GET.get("before", "")
    is_key = before.isdecimal() and len(before) <= _MAX_DIGITS
    page = list_inbox(user, tab, int(before) if is_key else None)
    counts = count_inbox(user)
    context: dict[str, Any] = {
        "days": _group_by_day([_entry(each) for each in page.entries]),
        "newest": page.entries[0].pk if page.entries else 0,
        "older": page.older,
        "tab": tab,
        "tabs": [(name, label, _count_text(counts[name])) for name, label in _tabs()],
        "unread": counts["unread"],
        "unread_text": _count_text(counts["unread"]),
        "is_older": is_key,
    }
    is_drawer = bool(request.htmx) and request.htmx.target == "inbox"
    template = "notify/_inbox.html" if is_drawer else "notify/inbox.html"
    response = render(request, template, {**context, "is_drawer": is_drawer})
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request, HX-Target, Cookie"
    return response


def _tabs() -> list[tuple[str, str]]:
    return [
        ("all", pgettext("notifications", "All")),
        ("unread", _("Unread")),
        ("mentions", _("Mentions")),
        ("alerts", _("Alerts")),
    ]


def _count_text(count: int) -> str:
    return f"{MAX_BADGE}+" if count > MAX_BADGE else str(count)


def _entry(notification: Notification) -> InboxEntry:
    if notification.comment is not None:
        return _mention_entry(notification, notification.comment)
    if notification.rule is not None:
        return _alert_entry(notification, notification.rule)
    if notification.view is not None:
        return _view_entry(notification, notification.view)
    event = notification.event
    assert event is not None
    run, status = event.run, RunStatus.from_code(event.new)
    space = notification.workspace.name
    experiment = run.experiment
    error = headline_of_error(run.error) if status is RunStatus.FAILED else ""
    return InboxEntry(
        notification,
        _("%(name)s: %(status)s") % {"name": run.name, "status": status_label(status)},
        reverse("inbox-open", args=[notification.pk]),
        status,
        error or headline_of_error(event.message),
        experiment.name,
        experiment_path(space, experiment.number, experiment.name),
        _reason(notification.reason),
    )


def _alert_entry(notification: Notification, rule: AlertRule) -> InboxEntry:
    run, count = notification.run, notification.count
    title = rule.name
    if count == 1 and run is not None:
        title = f"{run.name}: {status_label(run.state)}"
    elif count:
        title = ngettext("%(name)s: %(n)s match", "%(name)s: %(n)s matches", count) % {
            "name": rule.name,
            "n": grouped(count),
        }
    text = _("Test of the rule") if not count else ""
    if count > 1 and run is not None:
        text = _("Latest run: %(name)s") % {"name": run.name}
    is_failed = count == 1 and run is not None and run.state is RunStatus.FAILED
    if is_failed and run is not None:
        text = headline_of_error(run.error)
    return InboxEntry(
        notification,
        title,
        reverse("inbox-open", args=[notification.pk]),
        None,
        text,
        "",
        "",
        _("rule %(name)s") % {"name": rule.name},
        severity=rule.severity,
    )


def _view_entry(notification: Notification, view: View) -> InboxEntry:
    """Runs that entered a view."""
    run, count = notification.run, notification.count
    if count == 1 and run is not None:
        title, text = f"{run.name}: {status_label(run.state)}", ""
    else:
        title = ngettext("%(n)s new run", "%(n)s new runs", count)
        title %= {"n": grouped(count)}
        text = _("Latest run: %(name)s") % {"name": run.name} if run else ""
    return InboxEntry(
        notification,
        title,
        reverse("inbox-open", args=[notification.pk]),
        run.state if run is not None else RunStatus.NOT_STARTED,
        text,
        "",
        "",
        _("you follow the view %(name)s") % {"name": view.name},
    )


def _mention_entry(notification: Notification, comment: Comment) -> InboxEntry:
    text = " ".join(comment.text.split())
    is_cut = len(text) > MAX_EXCERPT_CHARS
    author = str(comment.author) if comment.author else _("A former member")
    subject = comment.run or comment.view
    return InboxEntry(
        notification,
        _("%(name)s mentioned you") % {"name": author},
        reverse("inbox-open", args=[notification.pk]),
        None,
        f"{text[:MAX_EXCERPT_CHARS]}…" if is_cut else text,
        subject.name if subject is not None else "",
        "",
        "",
    )


def _reason(reason: str) -> str:
    return {
        FollowReason.RUN: _("you follow this run"),
        FollowReason.EXPERIMENT: _("you follow this experiment"),
        FollowReason.OWN: _("you follow your own runs"),
    }.get(FollowReason(reason), "")


def _group_by_day(entries: list[InboxEntry]) -> list[InboxDay]:
    zone = timezone.get_current_timezone()
    today = timezone.localtime().date()
    days: dict[int, InboxDay] = {}
    for entry in entries:
        day = local_time(entry.notification.created, zone).date()
        age = (today - day).days
        title = {0: _("Today"), 1: _("Yesterday")}.get(age) or _("Earlier")
        group = min(max(age, 0), 2)
        days.setdefault(group, InboxDay(title, [])).entries.append(entry)
    return list(days.values())


class ReadForm(PageForm):
    """`until` marks all that the page showed; `number` marks one."""

    until = CountField(max_digits=_MAX_DIGITS)
    number = CountField(max_digits=_MAX_DIGITS)


@access(BROWSER_ONLY)
@require_POST
def mark_inbox_read(request: StudioRequest) -> HttpResponse:
    user = signed_in_user(request)
    values = ReadForm(request.POST).check()
    if values["until"] is not None:
        mark_all_read(user, until=values["until"], now=now_ms())
    if values["number"] is not None:
        mark_read(user, [values["number"]], now=now_ms())
    return redirect(safe_return_path(request) or "inbox")


@access(BROWSER_ONLY)
@require_POST
def open_notification(request: StudioRequest, number: int) -> HttpResponse:
    """Mark the notification as read, and go to what it is about."""
    user = signed_in_user(request)
    found = _find_notification(user, number)
    mark_read(user, [found.pk], now=now_ms())
    return redirect(_subject_path(found))


def _find_notification(user: User, number: int) -> Notification:
    rows = Notification.objects.filter(user=user, workspace__members__user=user)
    rows = rows.select_related(
        "workspace",
        "event__run",
        "comment__run",
        "comment__view",
        "rule",
        "run",
        "view",
    )
    return get_object_or_404(rows, pk=min(number, 10**_MAX_DIGITS))


def _subject_path(notification: Notification) -> str:
    space, comment = notification.workspace.name, notification.comment
    if notification.rule is not None:
        if notification.run is not None and notification.count == 1:
            return run_path(space, notification.run.run_id)
        query = urlencode({"q": notification.rule.q}, quote_via=quote)
        return f"{reverse('run-list', args=[space])}?{query}"
    if notification.view is not None:
        if notification.run is not None and notification.count == 1:
            return run_path(space, notification.run.run_id)
        return reverse("view", args=[notification.view.slug])
    if comment is None:
        assert notification.event is not None
        return run_path(space, notification.event.run.run_id)
    if comment.run is not None:
        home = f"{run_path(space, comment.run.run_id)}comments/"
    else:
        assert comment.view is not None
        home = reverse("view-comments", args=[space, comment.view.slug])
    return f"{home}#comment-{comment.pk}"
