"""Mails over a real SMTP server: content, headers, refusals and attempts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.actions.notify import follow, request_confirmation
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.models import (
    Delivery,
    DeliveryState,
    Experiment,
    Follow,
    Member,
    Run,
    User,
    Workspace,
    now_ms,
)
from studio.core.statuses import RunStatus
from tests.actions.notify.conftest import BASE, work
from tests.actions.notify.smtp import Postbox, body, smtp_server
from tests.parts.manage import command, environment, run_script
from tests.parts.server import copy_prepared_home
from tests.parts.waiting import becomes

pytestmark = pytest.mark.django_db

HOUR_MS = 3600 * 1000
ERROR = 'Traceback (most recent call last):\n  File "t.py", line 1\nOSError: no disk'


@pytest.fixture
def followed(run: Run, workspace: Workspace, ben: User, now: int) -> Run:
    follow(workspace, run, True, actor=Actor(ben), now=now)
    return run


def fail(run: Run, actor: Actor, message: str = ERROR) -> None:
    change_status(run, RunStatus.FAILED, actor=actor, now=now_ms(), message=message)


def delivery() -> Delivery:
    return Delivery.objects.get()


def make_due() -> None:
    Delivery.objects.update(due=0)


def test_a_mail_tells_of_a_failure(
    followed: Run,
    experiment: Experiment,
    actor: Actor,
    ben: User,
    postbox: Postbox,
    files_dir: Path,
) -> None:
    ben.time_zone, ben.display_name = "Europe/Berlin", "Ben"
    ben.save()
    log = b"".join(b"step %d\n" % n for n in range(1, 31))
    act: dict[str, Any] = {"actor": actor, "now": now_ms()}
    save_file(followed, "user_logs/std_log.txt", [log], limit=10**6, **act)
    other = create_run(experiment, run_id="other", **act)
    fail(other, actor)
    fail(followed, actor)
    work(now_ms())
    [mail] = postbox.mails
    assert mail["Subject"] == f"[default] Failed: {followed.name}"
    assert mail["To"] == "ben@mail.example"
    assert mail["From"] == "Run Studio <studio@mail.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = body(mail, "plain"), body(mail, "html")
    for said in (
        "Running → Failed",
        "digits",
        "run-1",
        "ada",
        "(Berlin)",
        "OSError: no disk",
        "1 other run failed with this error.",
        "step 30",
        "you follow this run",
        f"{BASE}/w/default/runs/run-1/",
    ):
        assert said in text
        assert said in html
    # The last 20 of 30 lines.
    assert "step 11\n" in text
    assert "step 10\n" not in text
    assert "<img" not in html


def test_names_are_escaped_and_begin_no_header(
    followed: Run, actor: Actor, postbox: Postbox
) -> None:
    Run.objects.update(name="<b>x</b>\r\nBcc: eve@mail.example")
    fail(followed, actor, "<script>")
    work(now_ms())
    [mail] = postbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "[default] Failed: <b>x</b> Bcc: eve@mail.example"
    assert "<b>x" not in body(mail, "html")
    assert "<script>" not in body(mail, "html")


def test_mails_of_a_run_are_a_thread(
    followed: Run, workspace: Workspace, actor: Actor, ben: User, postbox: Postbox
) -> None:
    change_status(followed, RunStatus.NOT_RESPONDING, actor=actor, now=now_ms())
    fail(followed, actor)
    work(now_ms())
    first, second = postbox.mails
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_a_chinese_reader_gets_a_chinese_mail(
    followed: Run, actor: Actor, ben: User, postbox: Postbox
) -> None:
    User.objects.filter(pk=ben.pk).update(language="zh-hans")
    fail(followed, actor)
    work(now_ms())
    [mail] = postbox.mails
    assert mail["Subject"] == f"[default] 失败: {followed.name}"
    assert "试验" in body(mail, "plain")


def test_mail_links_unsubscribe_and_mute_signed_out(
    followed: Run, actor: Actor, postbox: Postbox
) -> None:
    fail(followed, actor)
    work(now_ms())
    [mail] = postbox.mails
    visitor = Client(enforce_csrf_checks=True)
    [mute] = re.findall(rf"{BASE}(/email/mute/\S+)", body(mail, "plain"))
    assert visitor.get(mute).status_code == 200
    assert Follow.objects.get().muted_until is None
    assert visitor.post(mute).status_code == 200
    assert Follow.objects.get().muted_until is not None
    # What a mail program sends for its own button (RFC 8058).
    path = mail["List-Unsubscribe"].strip(" <>").removeprefix(BASE)
    assert visitor.get(path).status_code == 200
    assert Follow.objects.exists()
    sent = visitor.post(path, {"List-Unsubscribe": "One-Click"})
    assert sent.status_code == 200
    assert not Follow.objects.exists()
    assert visitor.post(path).status_code == 404


def test_links_of_a_former_member_show_nothing(
    followed: Run, actor: Actor, ben: User, postbox: Postbox
) -> None:
    fail(followed, actor)
    work(now_ms())
    [mail] = postbox.mails
    Member.objects.filter(user=ben).delete()
    [mute] = re.findall(rf"{BASE}(/email/mute/\S+)", body(mail, "plain"))
    unsubscribe = mail["List-Unsubscribe"].strip(" <>").removeprefix(BASE)
    for path in (mute, unsubscribe):
        assert Client().get(path).status_code == 404
        assert Client().post(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"confirmed_email": None}, "not confirmed"),
        ({"is_active": False}, "deactivated"),
        ({"member": False}, "member"),
        ({"follow": False}, "unsubscribed"),
    ],
)
def test_who_gets_mail_is_decided_when_it_is_sent(
    change: dict[str, Any],
    reason: str,
    followed: Run,
    actor: Actor,
    ben: User,
    postbox: Postbox,
) -> None:
    postbox.answer_to_recipient = "450 Try later"
    fail(followed, actor)
    work(now_ms())
    if "member" in change:
        Member.objects.filter(user=ben).delete()
    elif "follow" in change:
        Follow.objects.all().delete()
    else:
        User.objects.filter(pk=ben.pk).update(**change)
    postbox.answer_to_recipient = "250 OK"
    make_due()
    work(now_ms())
    assert postbox.mails == []
    assert delivery().state == DeliveryState.SKIPPED
    assert reason in delivery().error


def test_an_unconfirmed_address_gets_only_its_confirmation(
    followed: Run, actor: Actor, ben: User, postbox: Postbox
) -> None:
    User.objects.filter(pk=ben.pk).update(confirmed_email=None)
    fail(followed, actor)
    work(now_ms())
    assert not Delivery.objects.exists()
    ben.refresh_from_db()
    request_confirmation(ben, actor=Actor(ben), now=now_ms())
    work(now_ms())
    [mail] = postbox.mails
    [path] = re.findall(rf"{BASE}(/email/confirm/\S+)", body(mail, "plain"))
    visitor = Client()
    assert visitor.get(path).status_code == 200
    assert not User.objects.get(pk=ben.pk).can_get_mail
    visitor.post(path)
    assert User.objects.get(pk=ben.pk).can_get_mail
    # The link is for that address and no other.
    User.objects.filter(pk=ben.pk).update(email="other@mail.example")
    assert visitor.post(path).status_code == 404


def test_a_refused_recipient_is_not_tried_again(
    followed: Run, actor: Actor, postbox: Postbox
) -> None:
    postbox.answer_to_recipient = "550 No such user"
    fail(followed, actor)
    work(now_ms())
    assert (delivery().state, delivery().attempts) == (DeliveryState.DEAD, 1)
    assert "No such user" in delivery().error


def test_a_server_that_is_down_is_tried_for_a_day(
    followed: Run, actor: Actor, settings: Any
) -> None:
    with smtp_server() as gone:
        settings.MAIL_SERVER = gone.server
        settings.MAIL_FROM = "studio@mail.example"
    fail(followed, actor)
    work(now_ms())
    first = delivery()
    assert (first.state, first.attempts) == (DeliveryState.WAITING, 1)
    assert first.due > now_ms()
    assert "refused" in first.error
    # Not before it is due.
    work(now_ms())
    assert delivery().attempts == 1
    Delivery.objects.update(due=0, created=now_ms() - 24 * HOUR_MS)
    work(now_ms())
    assert (delivery().state, delivery().attempts) == (DeliveryState.DEAD, 2)


SEND = """
import django; django.setup()
from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.notify import follow
from runs.actions.run import change_status, create_run
from runs.models import User, Workspace, now_ms
from studio.core.statuses import RunStatus
user, space = User.objects.get(), Workspace.objects.get()
user.email = user.confirmed_email = "ada@mail.example"; user.save()
act = {"actor": Actor(user), "now": now_ms()}
run = create_run(create_experiment(space, "digits", **act), run_id="r", **act)
follow(space, run, True, **act)
change_status(run, RunStatus.FAILED, **act)
"""
READ = """
import django; django.setup()
import json
from runs.models import Delivery, Notification
if FIRST: Delivery.objects.update(due=0)
[[state, attempts]] = Delivery.objects.values_list("state", "attempts")
print(json.dumps([state, attempts, Notification.objects.count()]))
"""


def test_a_worker_killed_before_the_acknowledgement_sends_again(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    copy_prepared_home(home)
    with smtp_server() as postbox:
        env = {
            "EMAIL_URL": f"smtp://127.0.0.1:{postbox.server.port}",
            "EMAIL_FROM": "studio@mail.example",
        }

        def read(first: bool) -> Any:
            done = run_script(home, READ.replace("FIRST", str(first)), env=env)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command("worker"), env=environment(home, env), start_new_session=True
            )

        done = run_script(home, SEND, env=env)
        assert done.returncode == 0, done.stderr
        worker = start()
        # The server has the mail, and the worker does not learn of it.
        postbox.on_mail = lambda: os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(300) == -signal.SIGKILL
        assert read(first=True) == ["waiting", 1, 1]
        postbox.on_mail = lambda: None
        again = start()
        try:
            assert becomes(lambda: read(first=False) == ["sent", 2, 1], 300)
        finally:
            again.terminate()
            again.wait(30)
    first, second = postbox.mails
    assert first["Message-ID"] == second["Message-ID"]
