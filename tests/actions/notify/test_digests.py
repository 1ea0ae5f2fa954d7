"""Several messages in one mail: as a person chose, in quiet hours, and of a burst."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from runs.actions.actor import Actor
from runs.actions.notify import (
    MailSender,
    NotificationChoices,
    create_notifications,
    follow,
    set_notification_settings,
)
from runs.actions.notify.outbox import MAX_SINGLE_MAILS
from runs.actions.notify.pacing import end_of_quiet, held_until
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.models import (
    AlertRule,
    Delivery,
    DeliveryState,
    Experiment,
    MailPace,
    Notification,
    NotificationSettings,
    Run,
    RunEvent,
    StatusChange,
    User,
    Workspace,
)
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus
from tests.actions.notify.conftest import BASE, work
from tests.actions.notify.rules import fail
from tests.actions.notify.smtp import Postbox, body

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3600 * 1000


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    found = datetime.fromisoformat(text).replace(tzinfo=zone)
    return round(found.timestamp() * 1000)


def choose(user: User, now: int, **choices: Any) -> None:
    chosen = NotificationChoices(["Completed", "Failed"], email=True, **choices)
    set_notification_settings(user, chosen, actor=Actor(user), now=now)


def send_all() -> None:
    """Send what is held back, too."""
    Delivery.objects.filter(state=DeliveryState.WAITING).update(due=0)
    MailSender(lambda: BASE)(10**15)


def end_runs(experiment: Experiment, count: int, actor: Actor, now: int) -> None:
    """Add runs that have just ended: every second one failed."""
    first = create_run(experiment, run_id="r0", actor=actor, now=now)
    row = Run.objects.filter(pk=first.pk).values().get()
    Run.objects.bulk_create(
        (
            Run(**row | {"id": None, "run_id": f"r{n}", "number": row["number"] + n})
            for n in range(1, count)
        ),
        batch_size=500,
    )
    ends = (RunStatus.COMPLETED.code, RunStatus.FAILED.code)
    running = RunStatus.RUNNING.code
    events = RunEvent.objects.bulk_create(
        (
            RunEvent(run_id=key, old=running, new=ends[n % 2], time=now)
            for n, key in enumerate(Run.objects.values_list("pk", flat=True))
        ),
        batch_size=500,
    )
    StatusChange.objects.all().delete()
    StatusChange.objects.bulk_create(
        (
            StatusChange(event=each, workspace=experiment.workspace, is_open=True)
            for each in events
        ),
        batch_size=500,
    )


def test_ten_thousand_runs_at_once_are_one_mail(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    postbox: Postbox,
    now: int,
) -> None:
    follow(workspace, experiment, True, actor=Actor(ben), now=now)
    end_runs(experiment, 10_000, actor, now)
    create_notifications(now)
    assert Notification.objects.filter(user=ben).count() == 10_000
    send_all()
    [mail] = postbox.mails
    subject = "[default] 10,000 notifications: Failed: 5,000, Completed: 5,000"
    assert mail["Subject"] == subject
    text = body(mail, "plain")
    assert text.count("/w/default/runs/") == 0
    assert body(mail, "html").count("/w/default/runs/") == 20
    assert f"{BASE}/inbox/" in text


def test_a_rule_that_matches_ten_thousand_runs_sends_one_mail(
    experiment: Experiment,
    actor: Actor,
    rule: AlertRule,
    postbox: Postbox,
    now: int,
) -> None:
    AlertRule.objects.filter(pk=rule.pk).update(q="")
    end_runs(experiment, 10_000, actor, now)
    work(now)
    [mail] = postbox.mails
    assert mail["Subject"] == "[default] 5,000 matches: Fails"


def test_a_few_mails_are_single_and_the_next_ones_are_one(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    postbox: Postbox,
    now: int,
) -> None:
    follow(workspace, experiment, True, actor=Actor(ben), now=now)
    for number in range(MAX_SINGLE_MAILS + 3):
        fail(experiment, f"run-{number}", actor, now)
        work(now)
    assert len(postbox.mails) == MAX_SINGLE_MAILS
    waiting = Delivery.objects.get(state=DeliveryState.WAITING)
    assert waiting.entries.count() == 3
    send_all()
    assert postbox.mails[-1]["Subject"] == "[default] 3 notifications: Failed: 3"
    # Another one waits until the pause is over.
    fail(experiment, "late", actor, now)
    create_notifications(now)
    waiting = Delivery.objects.get(state=DeliveryState.WAITING)
    assert waiting.due > now + 5 * 60_000


def test_a_digest_of_one_message_is_its_mail(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    postbox: Postbox,
    now: int,
) -> None:
    choose(ben, now, pace=MailPace.DAY)
    follow(workspace, experiment, True, actor=Actor(ben), now=now)
    run = fail(experiment, "only", actor, now)
    work(now)
    assert not postbox.mails
    send_all()
    [mail] = postbox.mails
    assert mail["Subject"] == f"[default] Failed: {run.name}"


def test_messages_of_a_day_are_one_mail_without_what_ended_since(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    rule: AlertRule,
    postbox: Postbox,
    now: int,
) -> None:
    choose(ben, now, pace=MailPace.DAY)
    own = Actor(ben)
    follow(workspace, experiment, True, actor=own, now=now)
    for name in ("a", "b"):
        fail(experiment, name, actor, now)
        create_notifications(now)
    done = create_run(experiment, run_id="c", actor=actor, now=now)
    follow(workspace, done, True, actor=own, now=now)
    change_status(done, RunStatus.COMPLETED, actor=actor, now=now)
    create_notifications(now)
    follow(workspace, done, False, actor=own, now=now)
    send_all()
    [mail] = postbox.mails
    assert mail["Subject"] == "[default] 3 notifications: Failed: 2, Rule Fails: 1"
    assert Delivery.objects.get().attempts == 1


def test_the_link_of_a_digest_ends_all_mails(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    postbox: Postbox,
    client: Client,
    now: int,
) -> None:
    choose(ben, now, pace=MailPace.HOUR)
    follow(workspace, experiment, True, actor=Actor(ben), now=now)
    for name in ("a", "b"):
        fail(experiment, name, actor, now)
    create_notifications(now)
    send_all()
    [mail] = postbox.mails
    path = mail["List-Unsubscribe"].strip(" <>").removeprefix(BASE)
    assert client.post(path).status_code == 200
    assert not NotificationSettings.objects.get(user=ben).email
    fail(experiment, "c", actor, now)
    create_notifications(now)
    assert Delivery.objects.count() == 1


def test_what_happens_in_quiet_hours_is_one_mail_after_them(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    postbox: Postbox,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ben.time_zone = "Europe/Berlin"
    ben.save()
    night, morning = at("2026-01-10T23:30"), at("2026-01-11T07:00")
    choose(ben, now, quiet_from=22 * 60, quiet_until=7 * 60)
    follow(workspace, experiment, True, actor=Actor(ben), now=now)
    for name in ("a", "b"):
        fail(experiment, name, actor, now)
        create_notifications(night)
    assert Delivery.objects.get().due == morning
    # Also what is due in the night, as after an attempt that failed before.
    sender = "runs.actions.notify.deliveries.now_ms"
    Delivery.objects.update(due=0)
    monkeypatch.setattr(sender, lambda: night)
    MailSender(lambda: BASE)(night)
    waiting = Delivery.objects.get()
    assert (waiting.due, waiting.attempts, postbox.mails) == (morning, 0, [])
    monkeypatch.setattr(sender, lambda: morning)
    MailSender(lambda: BASE)(morning)
    assert len(postbox.mails) == 1


@pytest.mark.parametrize(
    ("begin", "end", "time", "until"),
    [
        ("22:00", "07:00", "2026-01-10T21:59", None),
        ("22:00", "07:00", "2026-01-10T22:00", "2026-01-11T07:00"),
        ("22:00", "07:00", "2026-01-11T06:59", "2026-01-11T07:00"),
        ("22:00", "07:00", "2026-01-11T07:00", None),
        ("12:00", "13:30", "2026-01-11T12:30", "2026-01-11T13:30"),
        ("12:00", "13:30", "2026-01-11T14:00", None),
        # The clock is set forward at 2:00 of this night.
        ("22:00", "07:00", "2026-03-28T23:00", "2026-03-29T07:00"),
    ],
)
def test_quiet_hours_follow_the_clock_of_the_reader(
    begin: str, end: str, time: str, until: str | None
) -> None:
    hours = [int(text[:2]) * 60 + int(text[3:]) for text in (begin, end)]
    chosen = NotificationSettings(quiet_from=hours[0], quiet_until=hours[1])
    assert end_of_quiet(chosen, BERLIN, at(time)) == (until and at(until))


def test_a_daily_mail_is_sent_at_its_time_and_after_quiet_hours() -> None:
    chosen = NotificationSettings(pace=MailPace.DAY, daily_at=8 * 60)
    assert held_until(chosen, BERLIN, at("2026-01-10T09:00")) == at("2026-01-11T08:00")
    assert held_until(chosen, BERLIN, at("2026-01-10T07:00")) == at("2026-01-10T08:00")
    chosen.quiet_from, chosen.quiet_until = 22 * 60, 9 * 60
    assert held_until(chosen, BERLIN, at("2026-01-10T10:00")) == at("2026-01-11T09:00")
    chosen = NotificationSettings(pace=MailPace.HOUR)
    assert held_until(chosen, BERLIN, at("2026-01-10T09:20")) == at("2026-01-10T10:00")


def test_a_person_chooses_which_events_are_mails(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    rule: AlertRule,
    postbox: Postbox,
    now: int,
) -> None:
    choose(ben, now, mail_events=["Completed", "rule"])
    follow(workspace, experiment, True, actor=Actor(ben), now=now)
    fail(experiment, "a", actor, now)
    work(now)
    assert Notification.objects.filter(user=ben).count() == 2
    [mail] = postbox.mails
    assert "because of the rule Fails" in body(mail, "plain").replace("\n", " ")


def test_a_mail_of_a_day_that_was_held_back_is_tried_for_a_day(
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    postbox: Postbox,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose(ben, now, pace=MailPace.DAY)
    follow(workspace, experiment, True, actor=Actor(ben), now=now)
    fail(experiment, "a", actor, now)
    create_notifications(now)
    due = Delivery.objects.get().due
    postbox.answer = "451 later"
    later = "runs.actions.notify.deliveries.now_ms"
    monkeypatch.setattr(later, lambda: due)
    MailSender(lambda: BASE)(due)
    assert Delivery.objects.get().state == DeliveryState.WAITING
    # A message that comes now is in the next one: this one may have arrived.
    fail(experiment, "b", actor, now)
    create_notifications(due)
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"pace": "week"},
        {"daily_at": 1440},
        {"quiet_from": 60},
        {"quiet_from": 60, "quiet_until": 60},
        {"mail_events": ["Sleeping"]},
    ],
)
def test_wrong_choices_are_refused(ben: User, now: int, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        choose(ben, now, **wrong)


def test_the_page_saves_the_choices_and_shows_them(owner: User, client: Client) -> None:
    client.force_login(owner)
    path = reverse("notify-settings")
    sent = {
        "statuses": ["Failed"],
        "mail_events": ["Failed", "view"],
        "email": "1",
        "pace": "day",
        "daily_at": "18:15",
        "quiet_from": "22:00",
        "quiet_until": "06:30",
    }
    assert client.post(path, sent).status_code == 302
    chosen = NotificationSettings.objects.get(user=owner)
    assert (chosen.pace, chosen.daily_at) == ("day", 18 * 60 + 15)
    assert (chosen.quiet_from, chosen.quiet_until) == (22 * 60, 6 * 60 + 30)
    assert chosen.mail_events == ["Failed", "view"]
    page = client.get(path).content.decode()
    assert 'value="18:15"' in page
    assert 'value="06:30"' in page
    refused = client.post(path, sent | {"quiet_until": "late"})
    assert refused.status_code == 400
    assert "Enter a time of the day" in refused.content.decode()
