"""A webhook that hangs delays no other one, and no workspace takes all places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.notify import (
    ChannelText,
    HookSender,
    create_alert_channel,
    hook_sender,
    send_test_hook,
)
from runs.models import AlertChannel, Delivery, Workspace, now_ms
from runs.notify import webhooks
from tests.actions.notify.conftest import BASE, SECRET
from tests.actions.notify.receiver import Receiver, hook_receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Receiver]:
    """A receiver that never replies: a sender that waits for it waits for long."""
    settings.HOOK_PRIVATE_ADDRESSES = True
    monkeypatch.setattr(webhooks, "ATTEMPT_SECONDS", 300)
    with hook_receiver() as server:
        server.hangs = True
        yield server


def channel_of(
    workspace: Workspace, name: str, receiver: Receiver, actor: Actor
) -> AlertChannel:
    text = ChannelText(name, "cloudevents", receiver.url, SECRET)
    return create_alert_channel(workspace, text, actor=actor, now=now_ms())


def send() -> int:
    return HookSender(lambda: BASE)(now_ms())


def test_a_webhook_that_hangs_delays_no_other(
    workspace: Workspace, actor: Actor, receiver: Receiver, hanging: Receiver
) -> None:
    first = channel_of(workspace, "Hangs", hanging, actor)
    second = channel_of(workspace, "Works", receiver, actor)
    for channel in (first, first, second, second):
        send_test_hook(channel, now_ms())
    counts = []

    def on_message() -> None:
        counts.append(len(hanging.got))
        if len(counts) == 2:
            hanging.ends.set()

    receiver.on_message = on_message
    assert send() == 2
    # The one that hangs had one message when both others had arrived.
    assert counts[-1] <= 1
    states = Delivery.objects.filter(channel=first).values_list("state", "error")
    assert sorted(state for state, _error in states) == ["dead", "waiting"]


def test_a_workspace_whose_webhooks_hang_leaves_room_for_others(
    workspace: Workspace,
    actor: Actor,
    receiver: Receiver,
    hanging: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hook_sender, "MAX_POSTS", 5)
    for number in range(7):
        channel = channel_of(workspace, f"Hangs {number}", hanging, actor)
        send_test_hook(channel, now_ms())
    other = Workspace.objects.create(name="other")
    send_test_hook(channel_of(other, "Works", receiver, actor), now_ms())
    receiver.on_message = hanging.ends.set
    assert send() == 1
    assert len(hanging.got) == 7
    assert not Delivery.objects.filter(state="waiting").exists()


def test_a_mistake_of_the_server_does_not_show_the_address(
    workspace: Workspace,
    actor: Actor,
    receiver: Receiver,
    hanging: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_args: object, **_options: object) -> int:
        raise ValueError(receiver.url)

    monkeypatch.setattr(hook_sender, "post_to_webhook", fail)
    channel = channel_of(workspace, "Works", receiver, actor)
    send_test_hook(channel, now_ms())
    assert send() == 0
    channel.refresh_from_db()
    assert channel.last_error == "the message could not be sent (ValueError)"
