"""Alert rules: which runs fire them, who is told, how often, and by what."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.notify import (
    acknowledge_alert,
    change_alert_rule,
    create_alert_rule,
    create_notifications,
    delete_alert_rule,
    enable_alert_rule,
    fire_for_conditions,
    resolve_alerts,
    send_test_alert,
)
from runs.actions.run.runs import create_run
from runs.models import (
    AlertRecipient,
    AlertRule,
    Delivery,
    Experiment,
    FiredAlert,
    Key,
    KeyKind,
    Member,
    Metric,
    Run,
    RunEvent,
    User,
    Workspace,
    now_ms,
)
from runs.search.notify import count_preview
from studio.core.errors import AlreadyExists, InvalidFilter, InvalidValue
from studio.core.statuses import RunStatus
from tests.actions.notify.conftest import BASE, work
from tests.actions.notify.rules import FAILS, MINUTE_MS, fail, messages
from tests.actions.notify.smtp import Postbox, body

pytestmark = pytest.mark.django_db


def test_only_matching_runs_fire(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    fail(experiment, "other", actor, now, tag="debug")
    run = fail(experiment, "nightly", actor, now)
    create_notifications(now)
    alert = FiredAlert.objects.get()
    assert (alert.run, alert.matches) == (run, 1)
    assert messages() == [("ben", 1)]


def test_many_matches_are_one_message_and_the_throttle_counts_the_rest(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr("runs.actions.notify.status_notifications.BATCH", 2)
    for n in range(5):
        fail(experiment, f"a{n}", actor, now)
    create_notifications(now)
    assert messages() == [("ben", 5)]
    for n in range(3):
        fail(experiment, f"b{n}", actor, now)
    create_notifications(now + 29 * MINUTE_MS)
    assert len(messages()) == 1
    create_notifications(now + 30 * MINUTE_MS)
    assert messages() == [("ben", 5), ("ben", 3)]
    assert FiredAlert.objects.get().matches == 8


def test_a_rule_can_resolve_after_a_year(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    year = 365 * 24 * 60
    change_alert_rule(rule, replace(FAILS, resolve_after=year), actor=actor, now=now)
    fail(experiment, "a", actor, now)
    create_notifications(now)
    assert resolve_alerts(now + year * MINUTE_MS - 1) == 0
    assert resolve_alerts(now + year * MINUTE_MS) == 1


def test_runs_of_an_experiment_in_the_trash_do_not_fire(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    fail(experiment, "a", actor, now)
    Experiment.objects.filter(pk=experiment.pk).update(deleted=now)
    create_notifications(now)
    assert messages() == []


def test_an_alert_resolves_and_the_next_match_fires_again(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    change_alert_rule(rule, replace(FAILS, resolve_after=10), actor=actor, now=now)
    fail(experiment, "a", actor, now)
    create_notifications(now)
    assert resolve_alerts(now + 10 * MINUTE_MS - 1) == 0
    assert resolve_alerts(now + 10 * MINUTE_MS) == 1
    fail(experiment, "b", actor, now)
    create_notifications(now + 60 * MINUTE_MS)
    assert FiredAlert.objects.count() == 2


def test_a_rule_that_is_off_or_deleted_does_not_fire(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    enable_alert_rule(rule, False, actor=actor, now=now)
    fail(experiment, "a", actor, now)
    create_notifications(now)
    # Switched on later, it does not tell of what was before.
    enable_alert_rule(rule, True, actor=actor, now=now + 1)
    delete_alert_rule(rule, actor=actor, now=now)
    fail(experiment, "b", actor, now)
    create_notifications(now)
    assert not FiredAlert.objects.exists()


def test_the_filter_finds_only_what_the_author_can_see(
    rule: AlertRule, experiment: Experiment, actor: Actor, owner: User, now: int
) -> None:
    Member.objects.filter(user=owner).delete()
    fail(experiment, "a", actor, now)
    create_notifications(now)
    assert not FiredAlert.objects.exists()


def test_submitters_and_listed_members_are_notified_once_unless_they_unsubscribed(
    rule: AlertRule, experiment: Experiment, actor: Actor, ben: User, now: int
) -> None:
    text = replace(FAILS, to_submitter=True, throttle=0)
    change_alert_rule(rule, text, actor=actor, now=now)
    fail(experiment, "a", actor, now)
    create_notifications(now)
    assert sorted(messages()) == [("ada", 1), ("ben", 1)]
    AlertRecipient.objects.filter(user=ben).update(is_out=True)
    # Adding them again does not overrule their choice.
    change_alert_rule(rule, text, actor=actor, now=now)
    fail(experiment, "b", Actor(ben), now)
    create_notifications(now)
    assert len(messages()) == 2


@pytest.mark.parametrize(
    ("settings", "last", "fires"),
    [
        ({"metric": "loss", "op": ">", "value": 2.5}, 2.6, True),
        ({"metric": "loss", "op": ">", "value": 2.5}, 2.5, False),
        ({"metric": "loss", "op": "<", "value": 2.5}, 2.4, True),
        ({"metric": "loss", "op": ">", "value": 2.5}, None, False),
        ({"metric": "loss", "op": ">", "value": 2.5, "nan": True}, None, True),
        ({"metric": "acc", "op": ">", "value": 0.0}, 2.6, False),
    ],
)
def test_a_metric_fires_once(
    settings: dict[str, Any],
    last: float | None,
    fires: bool,
    run: Run,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    now: int,
) -> None:
    text = replace(FAILS, q="", condition="metric", settings=settings)
    create_alert_rule(workspace, text, actor=actor, now=now)
    key = Key.objects.create(workspace=workspace, kind=KeyKind.METRIC, name="loss")
    Metric.objects.create(run=run, key=key, last=last, last_is_nan=last is None)
    assert fire_for_conditions(now) == int(fires)
    assert fire_for_conditions(now) == 0


def test_a_long_run_fires_once(
    run: Run, workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    text = replace(FAILS, q="", condition="duration", settings={"minutes": 60})
    create_alert_rule(workspace, text, actor=actor, now=now)
    assert fire_for_conditions(now + 59 * MINUTE_MS) == 0
    assert fire_for_conditions(now + 60 * MINUTE_MS) == 1
    assert fire_for_conditions(now + 61 * MINUTE_MS) == 0
    create_notifications(now)
    assert messages() == [("ben", 1)]


def test_a_run_that_waits_in_the_queue_fires_once(
    experiment: Experiment, workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    text = replace(FAILS, q="", condition="queue", settings={"minutes": 60})
    create_alert_rule(workspace, text, actor=actor, now=now)
    run = create_run(experiment, run_id="q", actor=actor, now=now)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.QUEUED.code)
    RunEvent.objects.create(
        run=run, time=now + 30 * MINUTE_MS, old=None, new=RunStatus.QUEUED.code
    )
    # It was queued again after half an hour.
    assert fire_for_conditions(now + 89 * MINUTE_MS) == 0
    assert fire_for_conditions(now + 90 * MINUTE_MS) == 1
    assert fire_for_conditions(now + 91 * MINUTE_MS) == 0


def test_the_preview_counts_runs_that_would_have_fired(
    experiment: Experiment, workspace: Workspace, actor: Actor, now: int
) -> None:
    assert actor.user is not None
    author = actor.user

    def count(later: int, *statuses: str) -> int:
        return count_preview(
            "tag:nightly",
            statuses,
            author=author,
            workspace=workspace,
            now=now + later * MINUTE_MS,
        )

    for run_id in "ab":
        fail(experiment, run_id, actor, now)
    fail(experiment, "c", actor, now, tag="other")
    week = 7 * 24 * 60
    assert count(0, "Failed", "Canceled") == 2
    assert count(0, "Completed") == 0
    assert count(week, "Failed") == 2
    assert count(week + 1, "Failed") == 0


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": ""}, InvalidValue),
        ({"q": "nosuch:1"}, InvalidFilter),
        ({"severity": 5}, InvalidValue),
        ({"condition": "mood"}, InvalidValue),
        ({"settings": {"statuses": []}}, InvalidValue),
        ({"settings": {"statuses": ["Happy"]}}, InvalidValue),
        ({"condition": "duration", "settings": {"minutes": 0}}, InvalidValue),
        ({"condition": "queue", "settings": {}}, InvalidValue),
        ({"condition": "metric", "settings": {"metric": "x"}}, InvalidValue),
        ({"throttle": -1}, InvalidValue),
        ({"recipients": []}, InvalidValue),
        ({"recipients": ["stranger"]}, InvalidValue),
        ({"name": "Fails"}, AlreadyExists),
    ],
)
def test_a_bad_rule_is_refused(
    change: dict[str, Any],
    error: type[Exception],
    rule: AlertRule,
    workspace: Workspace,
    actor: Actor,
    now: int,
) -> None:
    text = replace(replace(FAILS, name="Other"), **change)
    with pytest.raises(error):
        create_alert_rule(workspace, text, actor=actor, now=now)
    assert AlertRule.objects.count() == 1


def test_the_first_acknowledgement_stays(
    rule: AlertRule, experiment: Experiment, actor: Actor, ben: User, now: int
) -> None:
    fail(experiment, "a", actor, now)
    create_notifications(now)
    alert = FiredAlert.objects.get()
    acknowledge_alert(alert, actor=actor, now=now)
    acknowledge_alert(alert, actor=Actor(ben), now=now + 1)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.acknowledged) == (actor.user, now)


def test_a_mail_of_a_rule_names_it_and_unsubscribes_from_it(
    rule: AlertRule, experiment: Experiment, actor: Actor, postbox: Postbox
) -> None:
    fail(experiment, "a", actor, now_ms())
    work(now_ms())
    [mail] = postbox.mails
    text = body(mail, "plain")
    assert "OSError: x" in text
    assert "the rule Fails" in text
    [path] = re.findall(rf"{BASE}(/email/unsubscribe/\S+)", text)
    assert Client().post(path).status_code == 200
    assert AlertRecipient.objects.get().is_out
    assert Client().post(path).status_code == 404


def test_a_digest_links_the_matching_runs(
    rule: AlertRule, experiment: Experiment, actor: Actor, postbox: Postbox
) -> None:
    for n in range(3):
        fail(experiment, f"a{n}", actor, now_ms())
    work(now_ms())
    [mail] = postbox.mails
    assert mail["Subject"] == "[default] 3 matches: Fails"
    assert f"{BASE}/w/default/runs/?q=tag%3Anightly" in body(mail, "plain")


def test_a_test_goes_to_who_asks_for_it(
    rule: AlertRule, actor: Actor, owner: User, postbox: Postbox
) -> None:
    owner.email = owner.confirmed_email = "ada@mail.example"
    owner.save()
    send_test_alert(rule, actor=actor, now=now_ms())
    work(now_ms())
    [mail] = postbox.mails
    assert (mail["To"], mail["Subject"]) == (
        "ada@mail.example",
        "[default] Test: Fails",
    )
    assert not FiredAlert.objects.exists()
    assert Delivery.objects.count() == 1
