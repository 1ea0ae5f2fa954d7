"""Channels of a workspace: set up, changed, switched and deleted by owners."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.encryption import CannotDecrypt, decrypt_text, encrypt_text
from runs.actions.notify.hooks import ADDRESS_PURPOSE, SECRET_PURPOSE, new_hook
from runs.models import AlertChannel, Delivery, HookFormat, Workspace
from runs.notify import PermanentHookError, check_webhook_address
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidValue

MAX_NAME = 100
MAX_ADDRESS = 2000
MIN_SECRET, MAX_SECRET = 16, 200
#: In a workspace, whose channels share a few places in the sender.
MAX_CHANNELS = 20


@dataclass(frozen=True)
class ChannelText:
    """What a channel is made of; an empty address or secret of a change stays."""

    name: str
    format: str = HookFormat.CLOUD_EVENTS
    address: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    is_enabled: bool = True


@transaction.atomic
def create_alert_channel(
    workspace: Workspace, text: ChannelText, *, actor: Actor, now: int
) -> AlertChannel:
    """Raises InvalidValue and AlreadyExists."""
    if not text.address:
        raise InvalidValue(_("Enter an address."), field="address")
    if not text.secret:
        raise _short_secret()
    _check_count(workspace)
    channel = AlertChannel(workspace=workspace, created=now)
    _write(channel, text, now)
    _record(channel, "create alert channel", None, channel.name, actor, now)
    return channel


@transaction.atomic
def change_alert_channel(
    channel: AlertChannel, text: ChannelText, *, actor: Actor, now: int
) -> AlertChannel:
    """Raises InvalidValue and AlreadyExists.

    Everyone reads the history, and only owners see addresses. So it has only that the
    address or the secret was changed.
    """
    before = _summary(channel)
    _write(channel, text, now)
    after = _summary(channel)
    if text.address:
        after += " · new address"
    if text.secret:
        after += " · new secret"
    _record(channel, "change alert channel", before, after, actor, now)
    return channel


@transaction.atomic
def enable_alert_channel(
    channel: AlertChannel, on: bool, *, actor: Actor, now: int
) -> None:
    rows = AlertChannel.objects.filter(pk=channel.pk, is_enabled=not on)
    if rows.update(is_enabled=on, changed=now):
        action = "enable alert channel" if on else "disable alert channel"
        before, after = (None, channel.name) if on else (channel.name, None)
        _record(channel, action, before, after, actor, now)


@transaction.atomic
def delete_alert_channel(channel: AlertChannel, *, actor: Actor, now: int) -> None:
    AlertChannel.objects.filter(pk=channel.pk).update(deleted=now)
    _record(channel, "delete alert channel", channel.name, None, actor, now)


@transaction.atomic
def restore_alert_channel(channel: AlertChannel, *, actor: Actor, now: int) -> None:
    """Undo the deletion; raise AlreadyExists if the name was used since."""
    _check_count(channel.workspace)
    try:
        with transaction.atomic():
            AlertChannel.objects.filter(pk=channel.pk).update(deleted=None, changed=now)
    except IntegrityError as error:
        raise _name_taken() from error
    _record(channel, "restore alert channel", None, channel.name, actor, now)


def send_test_hook(channel: AlertChannel, now: int) -> Delivery:
    """Let the worker send a test; it tries once."""
    delivery = new_hook(channel, {"test": True}, now)
    delivery.save()
    return delivery


def read_channel_address(channel: AlertChannel) -> str:
    """Return the address for an owner; empty if the secret key has changed."""
    try:
        return decrypt_text(bytes(channel.address), ADDRESS_PURPOSE)
    except CannotDecrypt:
        return ""


def _summary(channel: AlertChannel) -> str:
    state = "on" if channel.is_enabled else "off"
    return f"{channel.name} · {channel.format} · {state}"


def _write(channel: AlertChannel, text: ChannelText, now: int) -> None:
    names.check_text(text.name, "name", limit=MAX_NAME, empty=False)
    if text.format not in HookFormat.values:
        allowed = ", ".join(HookFormat.values)
        raise InvalidValue(
            _("The format is one of %(allowed)s.") % {"allowed": allowed},
            field="format",
        )
    channel.name, channel.format = text.name, text.format
    channel.is_enabled, channel.changed = text.is_enabled, now
    if text.address:
        _check_address(text.address)
        channel.address = encrypt_text(text.address, ADDRESS_PURPOSE)
    if text.secret:
        names.check_text(text.secret, "secret", limit=MAX_SECRET, empty=False)
        if len(text.secret) < MIN_SECRET:
            raise _short_secret()
        channel.secret = encrypt_text(text.secret, SECRET_PURPOSE)
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError as error:
        raise _name_taken() from error


def _check_address(address: str) -> None:
    try:
        check_webhook_address(address)
        is_right = len(address) <= MAX_ADDRESS
    except PermanentHookError:
        is_right = False
    if not is_right:
        raise InvalidValue(
            _("Enter an address that begins with https:// or http://."),
            field="address",
        )


def _short_secret() -> InvalidValue:
    return InvalidValue(
        _("The secret has at least %(least)s characters.") % {"least": MIN_SECRET},
        field="secret",
    )


def _name_taken() -> AlreadyExists:
    return AlreadyExists(
        _("Another channel has this name. Choose another."), field="name"
    )


def _check_count(workspace: Workspace) -> None:
    rows = AlertChannel.objects.filter(workspace=workspace, deleted__isnull=True)
    if rows.count() >= MAX_CHANNELS:
        raise InvalidValue(
            _("A workspace has at most %(limit)s channels.") % {"limit": MAX_CHANNELS},
            field="name",
        )


def _record(
    channel: AlertChannel,
    action: str,
    before: str | None,
    after: str | None,
    actor: Actor,
    now: int,
) -> None:
    edit = Edit(f"alert_channels.{channel.name}", before, after)
    record_changes(channel.workspace, action, [edit], actor=actor, now=now)
