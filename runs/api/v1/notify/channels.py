"""REST: the channels of a workspace. No reply has an address or a secret."""

from __future__ import annotations

from runs.access import Permission, StudioRequest, workspace_of
from runs.actions.notify import (
    ChannelText,
    change_alert_channel,
    create_alert_channel,
    delete_alert_channel,
    enable_alert_channel,
    restore_alert_channel,
    send_test_hook,
)
from runs.api.v1.endpoints import endpoint
from runs.api.v1.notify.channel_schemas import (
    AlertChannelEdit,
    AlertChannelInfo,
    AlertChannelList,
    AlertChannelText,
    ChannelTestSent,
)
from runs.models import AlertChannel, now_ms
from runs.search.notify import find_channel, list_channels


@endpoint("GET", Permission.READ, reply=AlertChannelList)
def list_alert_channels(request: StudioRequest) -> AlertChannelList:
    """List the channels of the workspace by name."""
    found = list_channels(workspace_of(request))
    return AlertChannelList([_info(each) for each in found])


@endpoint(
    "POST",
    Permission.CHANNELS,
    body=AlertChannelText,
    reply=AlertChannelInfo,
    status=201,
)
def add_alert_channel(
    request: StudioRequest, body: AlertChannelText
) -> AlertChannelInfo:
    """Create a channel: a webhook that alert rules can use."""
    text = ChannelText(body.name, body.format, body.address, body.secret, body.enabled)
    channel = create_alert_channel(
        workspace_of(request), text, actor=request.actor, now=now_ms()
    )
    return _info(channel)


@endpoint("PATCH", Permission.CHANNELS, body=AlertChannelEdit, reply=AlertChannelInfo)
def edit_alert_channel(
    request: StudioRequest, body: AlertChannelEdit, number: int
) -> AlertChannelInfo:
    """Change a channel, or enable or disable it."""
    channel = find_channel(workspace_of(request), number)
    if body.enabled is not None and body == AlertChannelEdit(enabled=body.enabled):
        enable_alert_channel(channel, body.enabled, actor=request.actor, now=now_ms())
        return _info(find_channel(workspace_of(request), number))
    text = ChannelText(
        channel.name if body.name is None else body.name,
        channel.format if body.format is None else body.format,
        body.address,
        body.secret,
        channel.is_enabled if body.enabled is None else body.enabled,
    )
    change_alert_channel(channel, text, actor=request.actor, now=now_ms())
    return _info(channel)


@endpoint("DELETE", Permission.CHANNELS, reply=AlertChannelInfo)
def remove_alert_channel(request: StudioRequest, number: int) -> AlertChannelInfo:
    """Delete a channel; rules no longer tell it."""
    channel = find_channel(workspace_of(request), number)
    delete_alert_channel(channel, actor=request.actor, now=now_ms())
    return _info(channel)


@endpoint("POST", Permission.CHANNELS, reply=AlertChannelInfo)
def undelete_alert_channel(request: StudioRequest, number: int) -> AlertChannelInfo:
    """Restore a deleted channel; its rules tell it again."""
    channel = find_channel(workspace_of(request), number, is_deleted=True)
    restore_alert_channel(channel, actor=request.actor, now=now_ms())
    return _info(channel)


@endpoint("POST", Permission.CHANNELS, reply=ChannelTestSent)
def test_alert_channel(request: StudioRequest, number: int) -> ChannelTestSent:
    """Send a test to a channel. Its list has the result of the last attempt."""
    channel = find_channel(workspace_of(request), number)
    return ChannelTestSent(send_test_hook(channel, now_ms()).key)


def _info(channel: AlertChannel) -> AlertChannelInfo:
    return AlertChannelInfo(
        number=channel.pk,
        name=channel.name,
        format=channel.format,
        enabled=channel.is_enabled,
        last_tried=channel.last_tried,
        last_error=channel.last_error,
    )
