"""Rules at work: edits, other workers, bad filters, authors who left, and time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.notify import (
    change_alert_rule,
    create_alert_rule,
    create_notifications,
    delete_alert_rule,
    delete_expired_notifications,
    enable_alert_rule,
    fire_for_conditions,
    resolve_alerts,
)
from runs.actions.run.purge import purge_run
from runs.actions.views.views import ViewState, create_view
from runs.models import (
    AlertRule,
    Experiment,
    FiredAlert,
    Member,
    Notification,
    Run,
    User,
    View,
    Workspace,
    now_ms,
)
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.filters.source import FilterText
from studio.core.view_spec import ViewSpec
from tests.actions.notify.conftest import BASE, work
from tests.actions.notify.rules import FAILS, MINUTE_MS, fail, messages
from tests.actions.notify.smtp import Postbox, body

pytestmark = pytest.mark.django_db

LONG = replace(FAILS, q="", condition="duration", settings={"minutes": 60})


def test_a_rule_finds_the_runs_of_a_view_that_its_author_can_see(
    workspace: Workspace, experiment: Experiment, actor: Actor, ben: User, now: int
) -> None:
    view = create_view(
        workspace,
        "nightly",
        ViewState(ViewSpec(q=FilterText("tag:nightly"))),
        actor=actor,
        now=now,
    )
    text = replace(FAILS, q="view:nightly")
    create_alert_rule(workspace, text, actor=actor, now=now)
    fail(experiment, "a", actor, now)
    fail(experiment, "b", actor, now, tag="other")
    create_notifications(now)
    assert FiredAlert.objects.get().matches == 1
    with pytest.raises(InvalidFilter, match="No view that you can see"):
        create_alert_rule(
            workspace, replace(text, name="other"), actor=Actor(ben), now=now
        )
    View.objects.filter(pk=view.pk).update(deleted=now)
    fail(experiment, "c", actor, now)
    create_notifications(now)
    assert "No view" in AlertRule.objects.get().error


def test_two_alerts_of_a_rule_share_its_throttle(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    change_alert_rule(rule, replace(FAILS, resolve_after=1), actor=actor, now=now)
    AlertRule.objects.update(last_sent=now)
    fail(experiment, "a", actor, now)
    create_notifications(now + MINUTE_MS)
    resolve_alerts(now + 3 * MINUTE_MS)
    fail(experiment, "b", actor, now)
    create_notifications(now + 30 * MINUTE_MS)
    assert FiredAlert.objects.count() == 2
    assert messages() == [("ben", 1)]
    create_notifications(now + 60 * MINUTE_MS)
    assert messages() == [("ben", 1), ("ben", 1)]


def test_another_name_keeps_what_waits_and_another_filter_begins_again(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    fail(experiment, "a", actor, now)
    change_alert_rule(rule, replace(FAILS, name="Other"), actor=actor, now=now + 1)
    create_notifications(now + 1)
    assert FiredAlert.objects.get().matches == 1
    fail(experiment, "b", actor, now)
    change_alert_rule(rule, replace(FAILS, q=""), actor=actor, now=now + 1)
    create_notifications(now + 1)
    assert FiredAlert.objects.get().matches == 1


def test_a_run_meets_a_condition_once_after_another_name(
    run: Run, workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    rule = create_alert_rule(workspace, LONG, actor=actor, now=now)
    later = now + 60 * MINUTE_MS
    assert fire_for_conditions(later) == 1
    change_alert_rule(rule, replace(LONG, throttle=0), actor=actor, now=later)
    assert fire_for_conditions(later) == 0
    other = replace(LONG, settings={"minutes": 30})
    change_alert_rule(rule, other, actor=actor, now=later)
    assert fire_for_conditions(later) == 1


@pytest.mark.parametrize("stop", ["off", "deleted", "off in the form"])
def test_what_the_throttle_held_back_is_not_sent_by_a_rule_that_stopped(
    stop: str, rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    AlertRule.objects.update(last_sent=now)
    rule.refresh_from_db()
    fail(experiment, "a", actor, now)
    create_notifications(now)
    assert FiredAlert.objects.get().unsent == 1
    if stop == "off":
        enable_alert_rule(rule, False, actor=actor, now=now)
    elif stop == "deleted":
        delete_alert_rule(rule, actor=actor, now=now)
    else:
        change_alert_rule(rule, replace(FAILS, is_enabled=False), actor=actor, now=now)
    assert FiredAlert.objects.get().unsent == 0


def test_a_filter_that_fails_stops_no_other_rule_and_is_shown(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    text = replace(FAILS, name="Other")
    create_alert_rule(rule.workspace, text, actor=actor, now=now)
    # As an older release of the language took it.
    AlertRule.objects.filter(pk=rule.pk).update(q="nosuch:1")
    fail(experiment, "a", actor, now)
    create_notifications(now)
    assert FiredAlert.objects.get().rule.name == "Other"
    rule.refresh_from_db()
    assert "nosuch" in rule.error
    change_alert_rule(rule, FAILS, actor=actor, now=now)
    fail(experiment, "b", actor, now)
    create_notifications(now)
    assert AlertRule.objects.get(pk=rule.pk).error == ""


def test_a_slow_filter_is_stopped_and_says_so(
    run: Run,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_alert_rule(workspace, LONG, actor=actor, now=now)
    assert fire_for_conditions(now) == 0
    monkeypatch.setattr("runs.search.sql.scope.QUERY_SECONDS", 0.0)
    monkeypatch.setattr("runs.search.sql.scope._STEPS_PER_CHECK", 1)
    later = now + 60 * MINUTE_MS
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        assert fire_for_conditions(later) == 0
        assert "took longer" in AlertRule.objects.get().error
        monkeypatch.undo()
    assert fire_for_conditions(later) == 1
    assert AlertRule.objects.get().error == ""


def test_a_rule_whose_author_left_says_so_until_another_saves_it(
    rule: AlertRule,
    experiment: Experiment,
    actor: Actor,
    ben: User,
    owner: User,
    now: int,
) -> None:
    Member.objects.filter(user=owner).delete()
    fail(experiment, "a", actor, now)
    create_notifications(now)
    rule.refresh_from_db()
    assert rule.error.startswith("Its author is no longer a member.")
    change_alert_rule(rule, FAILS, actor=Actor(ben), now=now)
    fail(experiment, "b", actor, now)
    create_notifications(now)
    assert FiredAlert.objects.get().matches == 1
    assert AlertRule.objects.get().error == ""


def test_a_workspace_has_a_limited_number_of_rules(
    rule: AlertRule, actor: Actor, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.actions.notify.alert_rules.MAX_RULES", 1)
    with pytest.raises(InvalidValue, match="at most 1 alert rules"):
        create_alert_rule(
            rule.workspace, replace(FAILS, name="Other"), actor=actor, now=now
        )


def test_alerts_expire_when_resolved_or_without_matches(
    rule: AlertRule, experiment: Experiment, actor: Actor, now: int, settings: Any
) -> None:
    for resolved in (now - 1, now, None):
        FiredAlert.objects.create(rule=rule, started=1, last=1, resolved=resolved)
    FiredAlert.objects.create(rule=rule, started=1, last=now, matches=2)
    FiredAlert.objects.create(rule=rule, started=1, last=1, matches=3, unsent=1)
    delete_expired_notifications(now + settings.EVENT_DAYS * 24 * 60 * MINUTE_MS)
    left = FiredAlert.objects.order_by("pk").values_list("resolved", "matches")
    assert list(left) == [(now, 0), (None, 2), (None, 3)]


def test_a_message_stays_when_the_run_that_it_names_is_purged(
    rule: AlertRule, experiment: Experiment, actor: Actor, ben: User, now: int
) -> None:
    run = fail(experiment, "a", actor, now)
    create_notifications(now)
    Run.objects.filter(pk=run.pk).update(deleted=now)
    run.refresh_from_db()
    purge_run(run, actor=actor, now=now)
    left = Notification.objects.get(rule=rule)
    assert (left.run, left.count) == (None, 1)
    client = Client()
    client.force_login(ben)
    assert b"Fails" in client.get("/inbox/").content
    fired = client.get("/w/default/alerts/fired/").content.decode()
    assert f"{run.name}<p" in fired


def test_a_former_member_does_not_learn_the_name_of_a_rule(
    rule: AlertRule, experiment: Experiment, actor: Actor, ben: User, postbox: Postbox
) -> None:
    fail(experiment, "a", actor, now_ms())
    work(now_ms())
    [mail] = postbox.mails
    [path] = [
        word.removeprefix(BASE)
        for word in body(mail, "plain").split()
        if "/email/unsubscribe/" in word
    ]
    assert b"Fails" in Client().get(path).content
    Member.objects.filter(user=ben).delete()
    answer = Client().get(path)
    assert answer.status_code == 404
    assert b"Fails" not in answer.content
