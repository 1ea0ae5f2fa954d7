"""A mail server, and people who follow runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.notify import (
    ChannelText,
    MailSender,
    create_alert_channel,
    create_alert_rule,
    create_notifications,
)
from runs.models import AlertChannel, AlertRule, User, Workspace
from tests.actions.notify.receiver import Receiver, hook_receiver
from tests.actions.notify.rules import FAILS
from tests.actions.notify.smtp import Postbox, smtp_server

BASE = "https://studio.example"
SECRET = "a secret of 16 or more"


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    with smtp_server() as postbox:
        settings.MAIL_SERVER = postbox.server
        settings.MAIL_FROM = "Run Studio <studio@mail.example>"
        yield postbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with hook_receiver() as server:
        yield server


@pytest.fixture
def ben(ben: User) -> User:
    """A contributor whose address is confirmed."""
    ben.email = ben.confirmed_email = "ben@mail.example"
    ben.save()
    return ben


@pytest.fixture
def rule(workspace: Workspace, actor: Actor, ben: User, now: int) -> AlertRule:
    return create_alert_rule(workspace, FAILS, actor=actor, now=now)


@pytest.fixture
def channel(
    workspace: Workspace, actor: Actor, receiver: Receiver, settings: Any, now: int
) -> AlertChannel:
    settings.HOOK_PRIVATE_ADDRESSES = True
    text = ChannelText("Chat", "cloudevents", receiver.url, SECRET)
    return create_alert_channel(workspace, text, actor=actor, now=now)


@pytest.fixture
def rule_of_chat(
    workspace: Workspace, channel: AlertChannel, actor: Actor, ben: User, now: int
) -> AlertRule:
    text = replace(FAILS, channels=["Chat"], severity=1, throttle=0)
    return create_alert_rule(workspace, text, actor=actor, now=now)


def work(now: int) -> None:
    """What the worker does once."""
    create_notifications(now)
    MailSender(lambda: BASE)(now)
