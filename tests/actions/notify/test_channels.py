"""Rules tell webhooks: signed, tried again with the same key, apart from mails."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.notify import (
    ChannelText,
    HookSender,
    MailSender,
    change_alert_channel,
    change_alert_rule,
    create_alert_channel,
    create_notifications,
    delete_alert_channel,
    enable_alert_channel,
    restore_alert_channel,
    send_test_hook,
)
from runs.models import (
    AlertChannel,
    AlertRule,
    Change,
    Delivery,
    DeliveryState,
    Experiment,
    Workspace,
    now_ms,
)
from runs.notify import sign_message
from tests.actions.notify.conftest import BASE, SECRET
from tests.actions.notify.receiver import Receiver, hook_receiver
from tests.actions.notify.rules import FAILS, fail
from tests.actions.notify.smtp import Postbox
from tests.parts.manage import command, environment, run_script
from tests.parts.server import copy_prepared_home
from tests.parts.waiting import becomes

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def _private(settings: Any) -> None:
    settings.HOOK_PRIVATE_ADDRESSES = True


def send() -> int:
    return HookSender(lambda: BASE)(now_ms())


def fire(experiment: Experiment, run_id: str, actor: Actor) -> None:
    fail(experiment, run_id, actor, now_ms())
    create_notifications(now_ms())


def hook() -> Delivery:
    return Delivery.objects.get(kind="webhook")


def test_a_rule_that_fires_posts_a_signed_event(
    rule_of_chat: AlertRule,
    channel: AlertChannel,
    receiver: Receiver,
    experiment: Experiment,
    actor: Actor,
) -> None:
    fire(experiment, "r1", actor)
    assert send() == 1
    [(path, headers, body)] = receiver.got
    assert path == "/hook?token=t"
    seconds = int(headers["Studio-Signature"].split(",")[0].removeprefix("t="))
    assert headers["Studio-Signature"] == sign_message(SECRET, body, seconds)
    assert headers["Content-Type"] == "application/cloudevents+json"
    event = json.loads(body)
    assert event["specversion"] == "1.0"
    assert event["type"] == "Microsoft.MachineLearningServices.RunStatusChanged"
    assert event["subject"] == f"experiments/{experiment.number}/runs/r1"
    assert event["id"] == headers["Idempotency-Key"] == hook().key
    assert event["data"]["link"] == f"{BASE}/w/default/runs/r1/"
    known = {name: event["data"][name] for name in ("runId", "runStatus", "severity")}
    assert known == {"runId": "r1", "runStatus": "Failed", "severity": 1}
    assert event["data"]["ruleName"] == "Fails"
    assert event["data"]["experimentName"] == experiment.name
    assert (hook().state, hook().address) == (DeliveryState.SENT, "")
    channel.refresh_from_db()
    assert (channel.last_error, bool(channel.last_tried)) == ("", True)
    assert b"127.0.0.1" not in bytes(channel.address)
    text = ChannelText("Chat", "eventgrid")
    change_alert_channel(channel, text, actor=actor, now=now_ms())
    fire(experiment, "r2", actor)
    assert send() == 1
    [grid] = json.loads(receiver.got[1][2])
    assert set(grid) == {
        *("topic", "subject", "eventType", "eventTime", "id", "data"),
        *("dataVersion", "metadataVersion"),
    }
    assert grid["data"]["runId"] == "r2"


def test_a_failed_attempt_is_repeated_with_the_same_key_for_a_day(
    rule_of_chat: AlertRule,
    channel: AlertChannel,
    receiver: Receiver,
    experiment: Experiment,
    actor: Actor,
) -> None:
    receiver.status = 500
    fire(experiment, "r1", actor)
    fire(experiment, "r2", actor)
    assert send() == 0
    # The second one does not wait for the same webhook: it comes a minute later.
    assert len(receiver.got) == 1
    assert send() == 0
    assert len(receiver.got) == 1
    channel.refresh_from_db()
    assert "500" in channel.last_error
    receiver.status = 200
    Delivery.objects.update(due=0)
    assert send() == 2
    keys = [row[1]["Idempotency-Key"] for row in receiver.got]
    assert keys.count(keys[0]) == 2
    assert len(set(keys)) == 2
    receiver.status = 500
    fire(experiment, "r3", actor)
    rows = Delivery.objects.filter(state="waiting", kind="webhook")
    rows.update(created=now_ms() - 24 * HOUR_MS)
    assert send() == 0
    dead = Delivery.objects.get(state=DeliveryState.DEAD)
    assert "500" in dead.error


def test_a_webhook_leaves_mails_alone(
    rule_of_chat: AlertRule,
    receiver: Receiver,
    experiment: Experiment,
    actor: Actor,
    postbox: Postbox,
) -> None:
    fire(experiment, "r1", actor)
    assert MailSender(lambda: BASE)(now_ms()) == 1
    assert len(postbox.mails) == 1
    assert receiver.got == []
    assert send() == 1
    assert len(postbox.mails) == 1


def test_disabled_and_deleted_channels_get_nothing(
    rule_of_chat: AlertRule,
    channel: AlertChannel,
    receiver: Receiver,
    experiment: Experiment,
    actor: Actor,
) -> None:
    fire(experiment, "r1", actor)
    act: Any = {"actor": actor, "now": now_ms()}
    enable_alert_channel(channel, False, **act)
    fire(experiment, "r2", actor)
    send()
    assert (hook().state, hook().error) == ("skipped", "the channel is disabled")
    enable_alert_channel(channel, True, **act)
    delete_alert_channel(channel, **act)
    fire(experiment, "r3", actor)
    # A change of the rule in the meantime keeps the channel for the undo.
    change_alert_rule(rule_of_chat, replace(FAILS, throttle=0), **act)
    restore_alert_channel(channel, **act)
    assert receiver.got == []
    fire(experiment, "r4", actor)
    assert send() == 1


def test_private_addresses_and_another_secret_key_end_a_test(
    channel: AlertChannel, receiver: Receiver, settings: Any
) -> None:
    settings.HOOK_PRIVATE_ADDRESSES = False
    send_test_hook(channel, now_ms())
    send()
    assert hook().state == DeliveryState.DEAD
    channel.refresh_from_db()
    assert "private network" in channel.last_error
    settings.HOOK_PRIVATE_ADDRESSES = True
    Delivery.objects.all().delete()
    right_key, settings.SECRET_KEY = settings.SECRET_KEY, "x" * 60
    send_test_hook(channel, now_ms())
    send()
    settings.SECRET_KEY = right_key
    assert "secret key" in hook().error
    assert receiver.got == []
    send_test_hook(channel, now_ms())
    assert send() == 1
    assert json.loads(receiver.got[0][2])["type"] == "RunStudio.ChannelTest"


def test_the_receiver_of_the_documentation_checks_signatures() -> None:
    page = (ROOT / "docs/user/notifications.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(code, names)
    body, seconds = b'{"a": 1}', now_ms() // 1000
    secret = names["SECRET"].decode()
    check = names["is_genuine"]
    assert check(sign_message(secret, body, seconds), body)
    assert not check(sign_message(secret, body, seconds), b"{}")
    assert not check(sign_message("other", body, seconds), body)
    assert not check(sign_message(secret, body, seconds - 1000), body)


SEND = """
import django; django.setup()
from runs.actions.actor import Actor
from runs.actions.notify import ChannelText, create_alert_channel, send_test_hook
from runs.models import Delivery, User, Workspace, now_ms
text = ChannelText("Chat", "cloudevents", "URL", "s" * 16)
act = {"actor": Actor(User.objects.get()), "now": now_ms()}
send_test_hook(create_alert_channel(Workspace.objects.get(), text, **act), now_ms())
"""
READ = """
import django; django.setup()
import json
from runs.models import Delivery
if FIRST: Delivery.objects.update(due=0)
print(json.dumps(list(Delivery.objects.values_list("state", "attempts"))))
"""


def test_a_worker_killed_before_the_reply_sends_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    copy_prepared_home(home)
    env = {"STUDIO_HOOK_PRIVATE_ADDRESSES": "1"}

    def run(script: str) -> str:
        done = run_script(home, script, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(first: bool) -> Any:
        return json.loads(run(READ.replace("FIRST", str(first))))

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command("worker"), env=environment(home, env), start_new_session=True
        )

    with hook_receiver() as receiver:
        run(SEND.replace("URL", receiver.url))
        worker = start()
        # The receiver has the message, and the worker does not learn of it.
        receiver.on_message = lambda: os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(300) == -signal.SIGKILL
        assert read(first=True) == [["waiting", 1]]
        receiver.on_message = lambda: None
        again = start()
        try:
            assert becomes(lambda: read(first=False) == [["sent", 2]], 300)
        finally:
            again.terminate()
            again.wait(30)
    first, second = [row[1]["Idempotency-Key"] for row in receiver.got]
    assert first == second


def test_the_history_tells_a_change_but_no_secret_part(
    workspace: Workspace, actor: Actor
) -> None:
    text = ChannelText("ops", "cloudevents", "https://hooks.example.org/k3y", SECRET)
    channel = create_alert_channel(workspace, text, actor=actor, now=now_ms())
    other = replace(text, address="https://evil.example.net/", secret="")
    change_alert_channel(channel, other, actor=actor, now=now_ms())
    change = Change.objects.latest("pk")
    assert change.before == "ops · cloudevents · on"
    assert change.after == "ops · cloudevents · on · new address"
    change_alert_channel(
        channel, replace(text, address="", secret="x" * 16), actor=actor, now=now_ms()
    )
    assert str(Change.objects.latest("pk").after).endswith("· new secret")
