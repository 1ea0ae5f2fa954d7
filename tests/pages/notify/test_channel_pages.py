"""*Channels*: owners set them up; others never see an address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from runs.models import AlertChannel, AlertRule, Delivery, User, Workspace
from tests.access.people import browser_of

pytestmark = pytest.mark.django_db

CHANNELS = "/w/default/alerts/channels/"
ADDRESS = "https://hooks.example.org/in?token=t0p"
FORM = {
    "name": "Chat",
    "format": "cloudevents",
    "address": ADDRESS,
    "secret": "s3cret-of-16-or-more",
    "is_enabled": "1",
}
RULE = {
    "name": "Fails",
    "condition": "status",
    "statuses": ["Failed"],
    "severity": "1",
    "throttle": "0",
    "channels": ["Chat"],
}


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


def test_a_channel_is_set_up_used_switched_tested_and_deleted_with_undo(
    browser: Client, workspace: Workspace
) -> None:
    assert "No channels yet" in browser.get(CHANNELS).content.decode()
    made = browser.post(f"{CHANNELS}new/", FORM)
    assert made.headers["Location"] == CHANNELS
    channel = AlertChannel.objects.get()
    path = f"{CHANNELS}{channel.pk}/"
    editor = browser.get(path).content.decode()
    assert re.search(r'title="Alerts" aria-current="true"', editor)
    assert ADDRESS in editor
    assert FORM["secret"] not in editor
    before = bytes(channel.secret)
    browser.post(path, {**FORM, "name": "Team", "secret": "", "address": ""})
    channel.refresh_from_db()
    assert (channel.name, bytes(channel.secret)) == ("Team", before)
    assert ADDRESS in browser.get(path).content.decode()
    browser.post("/w/default/alerts/rules/new/", {**RULE, "channels": ["Team"]})
    rule = AlertRule.objects.get()
    page = browser.get(f"/w/default/alerts/rules/{rule.pk}/").content.decode()
    assert 'name="channels" value="Team" checked' in page
    assert "Team" in browser.get("/w/default/alerts/").content.decode()
    browser.post(f"{path}test/")
    assert Delivery.objects.get().channel == channel
    assert "Team" in browser.get("/w/default/alerts/deliveries/").content.decode()
    browser.post(f"{path}enable/", {"on": "0"})
    assert not AlertChannel.objects.get().is_enabled
    browser.post(f"{path}delete/")
    assert f'"{path}"' not in browser.get(CHANNELS).content.decode()
    browser.post(f"{path}restore/")
    assert f'"{path}"' in browser.get(CHANNELS).content.decode()
    history = browser.get("/w/default/activity/").content.decode()
    assert "created the channel" in history
    assert "hooks.example" not in history


def test_a_contributor_sees_names_and_no_addresses(
    browser: Client, ben: User, workspace: Workspace
) -> None:
    browser.post(f"{CHANNELS}new/", FORM)
    number = AlertChannel.objects.get().pk
    member = browser_of(ben)
    for path in (CHANNELS, "/w/default/alerts/rules/new/"):
        page = member.get(path).content.decode()
        assert "Chat" in page
        assert "hooks.example" not in page
    assert member.get(f"{CHANNELS}{number}/").status_code == 403
    assert member.post(f"{CHANNELS}{number}/", FORM).status_code == 403
    assert member.post("/w/default/alerts/rules/new/", RULE).status_code == 302
    assert AlertRule.objects.get().channel_rows.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"address": "ftp://hooks.example.org/"},
        {"address": ""},
        {"secret": "short"},
        {"format": "xml"},
        {"name": ""},
    ],
)
def test_a_refused_channel_keeps_what_was_typed(
    browser: Client, workspace: Workspace, change: Any
) -> None:
    sent = browser.post(f"{CHANNELS}new/", {**FORM, **change})
    assert sent.status_code in (400, 422)
    assert not AlertChannel.objects.exists()
    page = sent.content.decode()
    assert 'role="alert"' in page
    assert FORM["secret"] not in page
