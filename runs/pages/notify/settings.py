"""A person's choices: which events, by which channels, and what they follow."""

from __future__ import annotations

from collections.abc import Mapping
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
    follow,
    request_confirmation,
    set_notification_settings,
    stop_following,
)
from runs.models import Delivery, DeliveryKind, DeliveryState, Follow, User, now_ms
from runs.notify import is_mail_configured
from runs.pages.requests import PageForm, PresenceField, TextListField
from runs.render.formats import experiment_path, run_path, status_label
from runs.search.notify import errors_of_views, list_follows, read_settings
from studio.core.errors import StudioError
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
    #: Names of the workspaces with the person's own runs.
    own = TextListField()


@access(BROWSER_ONLY)
def _show_settings(request: StudioRequest) -> HttpResponse:
    return _render_settings(request)


@access(BROWSER_ONLY)
def _save_settings(request: StudioRequest) -> HttpResponse:
    user = signed_in_user(request)
    form = NotificationForm(request.POST)
    try:
        values = form.check()
        _save(request, user, values)
    except StudioError as error:
        return _render_settings(request, error)
    messages.success(request, _("Saved."))
    return redirect("notify-settings")


notification_settings = view_by_method(GET=_show_settings, POST=_save_settings)


@transaction.atomic
def _save(request: StudioRequest, user: User, values: dict[str, Any]) -> None:
    set_notification_settings(
        user,
        statuses=values["statuses"],
        email=values["email"],
        actor=request.actor,
        now=now_ms(),
    )
    for member in user.memberships.select_related("workspace"):
        on = member.workspace.name in values["own"]
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
        "statuses": [
            (status.value, status_label(status), status.value in chosen.statuses)
            for status in OFFERED_STATUSES
        ],
        "own": [(each.workspace.name, each.workspace_id in own) for each in members],
        "follows": [_follow_row(each, errors) for each in follows if not _is_own(each)],
        "has_mail_server": is_mail_configured(),
        "mail_from": settings.MAIL_FROM,
        "confirmation": _last_confirmation(user),
    }
    status = error.status if error else 200
    return render(request, "notify/notification_settings.html", context, status=status)


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
