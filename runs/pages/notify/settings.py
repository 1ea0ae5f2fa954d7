"""A person's choices: which events, by which channels, and what they follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import (
    BROWSER_ONLY,
    StudioRequest,
    access,
    signed_in_user,
    view_by_method,
)
from runs.actions.notify import (
    NotificationChoices,
    follow,
    request_confirmation,
    set_notification_settings,
    stop_following,
    zone_of,
)
from runs.models import (
    RULE_EVENT,
    VIEW_EVENT,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Follow,
    MailPace,
    NotificationSettings,
    User,
    now_ms,
)
from runs.notify import is_mail_configured
from runs.pages.requests import PageForm, PresenceField, TextField, TextListField
from runs.render.formats import experiment_path, run_path, status_label
from runs.search.notify import errors_of_views, list_follows, read_settings
from studio.core.errors import InvalidValue, StudioError
from studio.core.statuses import RunStatus

#: The statuses that a person can choose; the steps before Running are not news.
OFFERED_STATUSES = (
    RunStatus.RUNNING,
    RunStatus.COMPLETED,
    RunStatus.FAILED,
    RunStatus.CANCELED,
    RunStatus.NOT_RESPONDING,
)


class NotificationForm(PageForm):
    statuses = TextListField()
    email = PresenceField()
    mail_events = TextListField()
    pace = TextField(default=MailPace.NOW)
    daily_at = TextField(default="08:00")
    quiet_from = TextField()
    quiet_until = TextField()
    #: Names of the workspaces with the person's own runs.
    own = TextListField()

    def choices(self) -> NotificationChoices:
        """Raises InvalidValue for what is no time of the day."""
        values = self.check()
        times = {
            name: _minutes(values[name], name)
            for name in ("daily_at", "quiet_from", "quiet_until")
        }
        daily_at = times.pop("daily_at")
        if daily_at is None:
            raise InvalidValue(
                _("Enter a time of the day, like 22:00."), field="daily_at"
            )
        return NotificationChoices(
            statuses=values["statuses"],
            email=values["email"],
            mail_events=values["mail_events"],
            pace=values["pace"],
            daily_at=daily_at,
            **times,
        )


def _minutes(text: str, name: str) -> int | None:
    """Return the minutes since midnight; None for an empty text."""
    if not text:
        return None
    try:
        found = time.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(
            _("Enter a time of the day, like 22:00."), field=name
        ) from error
    return found.hour * 60 + found.minute


def _time_text(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


@access(BROWSER_ONLY)
def _show_settings(request: StudioRequest) -> HttpResponse:
    return _render_settings(request)


@access(BROWSER_ONLY)
def _save_settings(request: StudioRequest) -> HttpResponse:
    user = signed_in_user(request)
    form = NotificationForm(request.POST)
    try:
        _save(request, user, form.choices(), form.check()["own"])
    except StudioError as error:
        return _render_settings(request, error)
    messages.success(request, _("Saved."))
    return redirect("notify-settings")


notification_settings = view_by_method(GET=_show_settings, POST=_save_settings)


@transaction.atomic
def _save(
    request: StudioRequest,
    user: User,
    choices: NotificationChoices,
    own: Collection[str],
) -> None:
    set_notification_settings(user, choices, actor=request.actor, now=now_ms())
    for member in user.memberships.select_related("workspace"):
        on = member.workspace.name in own
        follow(member.workspace, None, on, actor=request.actor, now=now_ms())


def _render_settings(
    request: StudioRequest, error: StudioError | None = None
) -> HttpResponse:
    user = signed_in_user(request)
    chosen = read_settings(user)
    follows = list_follows(user)
    own = {each.workspace_id for each in follows if _is_own(each)}
    errors = errors_of_views(user)
    members = user.memberships.select_related("workspace").order_by("workspace__name")
    context = {
        "problem": error.message if error else "",
        "chosen": chosen,
        "events": _event_rows(chosen),
        "paces": _pace_choices(),
        "daily_at": _time_text(chosen.daily_at),
        "quiet_from": _time_text(chosen.quiet_from),
        "quiet_until": _time_text(chosen.quiet_until),
        "zone": zone_of(user),
        "own": [(each.workspace.name, each.workspace_id in own) for each in members],
        "follows": [_follow_row(each, errors) for each in follows if not _is_own(each)],
        "has_mail_server": is_mail_configured(),
        "mail_from": settings.MAIL_FROM,
        "confirmation": _last_confirmation(user),
    }
    status = error.status if error else 200
    return render(request, "notify/notification_settings.html", context, status=status)


def _event_rows(chosen: NotificationSettings) -> list[dict[str, Any]]:
    """What notifies, with its channels; the inbox always has alerts and mentions."""
    rows: list[dict[str, Any]] = [
        {
            "label": status_label(status),
            "value": status.value,
            "inbox": status.value in chosen.statuses,
            "has_choice": True,
        }
        for status in OFFERED_STATUSES
    ]
    rows += [
        {"label": _("Runs enter a view that I follow"), "value": VIEW_EVENT},
        {"label": _("An alert rule names me"), "value": RULE_EVENT},
        {"label": _("A comment mentions me"), "value": ""},
    ]
    for row in rows:
        # What is not in the inbox is no mail.
        row["mail"] = row.get("inbox", True) and row["value"] in chosen.mail_events
    return rows


def _pace_choices() -> list[tuple[str, str]]:
    return [
        (MailPace.NOW, _("At once")),
        (MailPace.HOUR, _("One mail each hour")),
        (MailPace.DAY, _("One mail each day")),
    ]


def _is_own(follow: Follow) -> bool:
    return follow.run_id is follow.experiment_id is follow.view_id is None


def _follow_row(follow: Follow, errors: Mapping[int, str]) -> dict[str, Any]:
    space = follow.workspace.name
    if follow.run is not None:
        name, path = follow.run.name, run_path(space, follow.run.run_id)
        kind = _("Run")
    elif follow.view is not None:
        name, path = follow.view.name, reverse("view", args=[follow.view.slug])
        kind = _("View")
    else:
        experiment = follow.experiment
        assert experiment is not None
        name, kind = experiment.name, _("Experiment")
        path = experiment_path(space, experiment.number, experiment.name)
    is_muted = follow.muted_until is not None and follow.muted_until > now_ms()
    return {
        "follow": follow,
        "name": name,
        "href": path,
        "kind": kind,
        "is_muted": is_muted,
        "error": errors.get(follow.view_id, "") if follow.view_id else "",
    }


def _last_confirmation(user: User) -> Delivery | None:
    """Return the mail that should confirm the current address, to show its state."""
    if user.can_get_mail:
        return None
    rows = Delivery.objects.filter(
        user=user, kind=DeliveryKind.CONFIRMATION, address=user.email
    )
    return rows.exclude(state=DeliveryState.SKIPPED).order_by("-pk").first()


@access(BROWSER_ONLY)
@require_POST
def request_email_link(request: StudioRequest) -> HttpResponse:
    """Send the mail with the link that confirms the account's address."""
    user = signed_in_user(request)
    try:
        request_confirmation(user, actor=request.actor, now=now_ms())
    except StudioError as error:
        return _render_settings(request, error)
    text = _("A mail with a link is on its way to %(address)s.")
    messages.success(request, text % {"address": user.email})
    return redirect("notify-settings")


@access(BROWSER_ONLY)
@require_POST
def stop_one_follow(request: StudioRequest, number: int) -> HttpResponse:
    rows = Follow.objects.filter(user=signed_in_user(request))
    stop_following(get_object_or_404(rows, pk=min(number, 10**18)))
    messages.success(request, _("Notifications are off."))
    return redirect("notify-settings")
