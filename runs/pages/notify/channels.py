"""*Channels* on *Alerts*: webhooks that owners set up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, view_by_method
from runs.actions.notify import (
    ChannelText,
    change_alert_channel,
    create_alert_channel,
    delete_alert_channel,
    enable_alert_channel,
    read_channel_address,
    restore_alert_channel,
    send_test_hook,
)
from runs.models import AlertChannel, HookFormat, now_ms
from runs.pages.notify.alert_tabs import alert_frame
from runs.pages.requests import (
    FlagField,
    PageForm,
    PageRequest,
    PresenceField,
    TextField,
)
from runs.pages.run_shell import role_refusal
from runs.search.notify import find_channel, list_channels
from studio.core.errors import StudioError


@access(Permission.READ)
@require_safe
def channels_page(request: PageRequest) -> HttpResponse:
    """Addresses are not shown here."""
    context = {
        **alert_frame(request, "channels"),
        "channels": list_channels(request.workspace),
        "channel_refusal": role_refusal(request, Permission.CHANNELS),
    }
    return render(request, "notify/channels.html", context)


class ChannelForm(PageForm):
    name = TextField()
    format = TextField(default=HookFormat.CLOUD_EVENTS)
    address = TextField()
    secret = TextField()
    is_enabled = PresenceField()

    def channel_text(self) -> ChannelText:
        return ChannelText(**self.check())


@access(Permission.CHANNELS)
def _show_new(request: PageRequest) -> HttpResponse:
    values = {"format": HookFormat.CLOUD_EVENTS.value, "is_enabled": True}
    return _render(request, values)


@access(Permission.CHANNELS)
def _create(request: PageRequest) -> HttpResponse:
    form = ChannelForm(request.POST)
    try:
        channel = create_alert_channel(
            request.workspace, form.channel_text(), actor=request.actor, now=now_ms()
        )
    except StudioError as error:
        return _render(request, form.cleaned_data, error=error)
    messages.success(request, _("Channel “%(name)s” created") % {"name": channel.name})
    return _to_list(request)


new_channel = view_by_method(GET=_show_new, POST=_create)


@access(Permission.CHANNELS)
def _show_channel(request: PageRequest, number: int) -> HttpResponse:
    channel = find_channel(request.workspace, number)
    values = {
        "name": channel.name,
        "format": channel.format,
        "address": read_channel_address(channel),
        "is_enabled": channel.is_enabled,
    }
    return _render(request, values, channel=channel)


@access(Permission.CHANNELS)
def _change(request: PageRequest, number: int) -> HttpResponse:
    channel = find_channel(request.workspace, number)
    form = ChannelForm(request.POST)
    try:
        change_alert_channel(
            channel, form.channel_text(), actor=request.actor, now=now_ms()
        )
    except StudioError as error:
        return _render(request, form.cleaned_data, channel=channel, error=error)
    messages.success(request, _("Saved."))
    return _to_list(request)


edit_channel = view_by_method(GET=_show_channel, POST=_change)


def _render(
    request: PageRequest,
    values: dict[str, Any],
    *,
    channel: AlertChannel | None = None,
    error: StudioError | None = None,
) -> HttpResponse:
    space = request.workspace.name
    context = {
        "channel": channel,
        "values": values,
        "problem": error.message if error else "",
        "formats": [(each.value, _(each.label)) for each in HookFormat],
        "action": reverse("alert-channel", args=[space, channel.pk])
        if channel
        else reverse("alert-channel-new", args=[space]),
    }
    status = error.status if error else 200
    return render(request, "notify/channel.html", context, status=status)


class SwitchForm(PageForm):
    on = FlagField()


@access(Permission.CHANNELS)
@require_POST
def enable_channel(request: PageRequest, number: int) -> HttpResponse:
    channel = find_channel(request.workspace, number)
    on = SwitchForm(request.POST).check()["on"]
    enable_alert_channel(channel, on, actor=request.actor, now=now_ms())
    messages.success(request, _("Channel is on.") if on else _("Channel is off."))
    return _to_list(request)


@access(Permission.CHANNELS)
@require_POST
def delete_channel(request: PageRequest, number: int) -> HttpResponse:
    channel = find_channel(request.workspace, number)
    delete_alert_channel(channel, actor=request.actor, now=now_ms())
    undo = reverse("alert-channel-restore", args=[request.workspace.name, channel.pk])
    messages.success(request, _("Channel deleted"), extra_tags=undo)
    return _to_list(request)


@access(Permission.CHANNELS)
@require_POST
def restore_channel(request: PageRequest, number: int) -> HttpResponse:
    channel = find_channel(request.workspace, number, is_deleted=True)
    restore_alert_channel(channel, actor=request.actor, now=now_ms())
    return _to_list(request)


@access(Permission.CHANNELS)
@require_POST
def test_channel(request: PageRequest, number: int) -> HttpResponse:
    channel = find_channel(request.workspace, number)
    send_test_hook(channel, now_ms())
    messages.success(
        request, _("A test is on its way. Reload this page to see its result.")
    )
    return _to_list(request)


def _to_list(request: PageRequest) -> HttpResponse:
    return redirect("alerts-channels", request.workspace.name)
