"""The inbox, *Alerts* and its editor, in a browser."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.notify import create_notifications, follow
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.models import (
    AlertRule,
    Experiment,
    FiredAlert,
    Follow,
    Notification,
    Run,
    User,
    Workspace,
    now_ms,
)
from runs.render.formats import experiment_path
from runs.search.notify import fired_by_day
from studio.core.filters import parse
from studio.core.statuses import RunStatus
from tests.access.people import browser_of
from tests.actions.notify.rules import fail

DAY_MS = 86_400_000

pytestmark = pytest.mark.django_db

ALERTS = "/w/default/alerts/"
FORM = {
    "name": "Nightly fails",
    "q": "",
    "condition": "status",
    "statuses": ["Failed"],
    "severity": "1",
    "is_enabled": "1",
    "throttle": "0",
    "recipients": ["ada"],
}


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def failed(run: Run, actor: Actor, now: int) -> Run:
    change_status(run, RunStatus.FAILED, actor=actor, now=now, message="OSError: x")
    return run


def test_a_followed_run_is_in_the_inbox_until_it_is_read(
    run: Run, browser: Client, actor: Actor, owner: User, now: int
) -> None:
    page = browser.get(f"/w/default/runs/{run.run_id}/").content.decode()
    assert 'aria-pressed="false"' in page
    browser.post(f"/w/default/runs/{run.run_id}/follow/", {"on": "1"})
    assert Follow.objects.get().run == run
    change_status(run, RunStatus.FAILED, actor=actor, now=now, message="OSError: x")
    create_notifications(now)
    page = browser.get("/inbox/").content.decode()
    assert f"{run.name}: Failed" in page
    assert "OSError: x" in page
    assert 'id="inbox-count" class="inbox-count">1<' in page
    entry = Notification.objects.get()
    opened = browser.post(f"/inbox/{entry.pk}/")
    assert opened.headers["Location"] == f"/w/default/runs/{run.run_id}/"
    assert 'class="inbox-count" hidden' in browser.get("/inbox/").content.decode()
    browser.post(f"/w/default/runs/{run.run_id}/follow/", {"on": "0"})
    assert not Follow.objects.exists()


def test_all_that_was_shown_is_marked_and_nothing_newer(
    experiment: Experiment,
    workspace: Workspace,
    browser: Client,
    actor: Actor,
    now: int,
) -> None:
    follow(workspace, None, True, actor=actor, now=now)
    for n in range(3):
        run = create_run(experiment, run_id=f"r{n}", actor=actor, now=now)
        change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    create_notifications(now)
    second = Notification.objects.order_by("pk")[1]
    browser.post("/inbox/read/", {"until": str(second.pk)})
    assert Notification.objects.filter(read__isnull=True).count() == 1


def test_others_notifications_are_not_found(
    run: Run, workspace: Workspace, browser: Client, actor: Actor, ben: User, now: int
) -> None:
    follow(workspace, run, True, actor=Actor(ben), now=now)
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    create_notifications(now)
    entry = Notification.objects.get()
    assert browser.post(f"/inbox/{entry.pk}/").status_code == 404
    browser.post("/inbox/read/", {"until": str(entry.pk)})
    entry.refresh_from_db()
    assert entry.read is None


def test_the_inbox_costs_the_same_for_any_number_of_entries(
    experiment: Experiment,
    workspace: Workspace,
    browser: Client,
    actor: Actor,
    now: int,
) -> None:
    follow(workspace, None, True, actor=actor, now=now)

    def queries(count: int) -> int:
        for n in range(count):
            run = create_run(experiment, run_id=f"{count}-{n}", actor=actor, now=now)
            change_status(run, RunStatus.FAILED, actor=actor, now=now, message="x")
        create_notifications(now)
        browser.get("/inbox/")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            browser.get("/inbox/")
        return len(seen)

    assert queries(1) == queries(5)


def test_choices_are_saved(browser: Client, owner: User, workspace: Workspace) -> None:
    form = {"statuses": ["Failed"], "own": ["default"]}
    browser.post("/account/notifications/", form)
    settings = User.objects.get(pk=owner.pk).notification_settings
    assert (settings.statuses, settings.email) == (["Failed"], False)
    assert Follow.objects.get().run is None
    browser.post("/account/notifications/", {"statuses": ["Failed"], "email": "1"})
    assert not Follow.objects.exists()
    assert browser.post("/account/notifications/", {"statuses": "x"}).status_code == 400


def test_events_are_filtered_and_exported(failed: Run, browser: Client) -> None:
    page = browser.get(f"{ALERTS}events/?q=status:failed").content.decode()
    assert page.count(f"/runs/{failed.run_id}/") == 2
    assert "OSError: x" in page
    assert (
        "No matching events"
        in browser.get(f"{ALERTS}events/?q=status:completed").content.decode()
    )
    assert browser.get(f"{ALERTS}events/?q=nosuch:1").status_code == 422
    sent = browser.get(f"{ALERTS}events/?format=json")
    content = b"".join(sent.streaming_content)  # type: ignore[attr-defined]
    newest, first = json.loads(content)["events"]
    assert (newest["Status"], newest["PreviousStatus"]) == ("Failed", "Running")
    assert (newest["RunId"], newest["TriggeringUserName"]) == (failed.run_id, "ada")
    assert first["PreviousStatus"] is None
    sheet = browser.get(f"{ALERTS}events/?format=csv")
    lines = b"".join(sheet.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0].lstrip("\ufeff").startswith("TimeGenerated,RunId,ParentRunId")
    assert len(lines) == 3


def test_a_rule_is_made_from_events_fires_and_is_acknowledged(
    run: Run, browser: Client, actor: Actor, now: int
) -> None:
    editor = browser.get(f"{ALERTS}rules/new/?q=status:failed").content.decode()
    assert 'value="status:failed"' in editor
    assert "0 runs match now" in editor
    made = browser.post(f"{ALERTS}rules/new/", FORM)
    assert made.headers["Location"] == ALERTS
    rule = AlertRule.objects.get()
    AlertRule.objects.update(changed=0)
    change_status(run, RunStatus.FAILED, actor=actor, now=now, message="OSError: x")
    create_notifications(now)
    assert "Nightly fails" in browser.get("/inbox/?tab=alerts").content.decode()
    page = browser.get(ALERTS).content.decode()
    assert "Status becomes Failed" in page
    assert "Firing for" in page
    alert = FiredAlert.objects.get()
    browser.post(f"{ALERTS}fired/{alert.pk}/acknowledge/")
    assert "Acknowledged by ada" in browser.get(f"{ALERTS}fired/").content.decode()
    browser.post(f"{ALERTS}rules/{rule.pk}/enable/", {"on": "0"})
    assert not AlertRule.objects.get().is_enabled
    copied = browser.post(f"{ALERTS}rules/{rule.pk}/copy/").content.decode()
    assert "Copy of Nightly fails" in copied
    browser.post(f"{ALERTS}rules/{rule.pk}/delete/")
    assert "Nightly fails" not in browser.get(ALERTS).content.decode()
    browser.post(f"{ALERTS}rules/{rule.pk}/restore/")
    assert "Nightly fails" in browser.get(ALERTS).content.decode()


def test_the_action_of_a_rule_is_edited_and_shown(
    browser: Client, workspace: Workspace
) -> None:
    action = {"tag_key": "triage", "tag_value": "todo", "cancels_run": "1"}
    browser.post(f"{ALERTS}rules/new/", {**FORM, **action})
    rule = AlertRule.objects.get()
    assert (rule.tag_key, rule.tag_value, rule.cancels_run) == ("triage", "todo", True)
    shown = browser.get(ALERTS).content.decode()
    assert "sets the tag triage: todo, cancels the run" in shown
    path = f"{ALERTS}rules/{rule.pk}/"
    editor = browser.get(path).content.decode()
    assert 'name="tag_value" value="todo"' in editor
    assert 'name="cancels_run" value="1" checked' in editor
    browser.post(path, FORM)
    assert not AlertRule.objects.get().has_action


def test_a_refused_rule_keeps_what_was_typed(
    browser: Client, workspace: Workspace
) -> None:
    sent = browser.post(f"{ALERTS}rules/new/", {**FORM, "q": "nosuch:1"})
    assert sent.status_code == 400
    page = sent.content.decode()
    assert 'value="nosuch:1"' in page
    assert 'value="Nightly fails"' in page


def test_the_editor_of_a_rule_shows_its_time_in_the_queue_and_a_preview(
    experiment: Experiment, browser: Client, actor: Actor
) -> None:
    fail(experiment, "a", actor, now_ms())
    new = browser.get(f"{ALERTS}rules/new/").content.decode()
    assert "1 run of the last 7 days would have fired this rule." in new
    queue = {"condition": "queue", "minutes": "", "queue_minutes": "45"}
    browser.post(f"{ALERTS}rules/new/", {**FORM, **queue})
    assert "Queued longer than 45 min" in browser.get(ALERTS).content.decode()
    rule = AlertRule.objects.get()
    page = browser.get(f"{ALERTS}rules/{rule.pk}/").content.decode()
    assert 'name="queue_minutes" value="45"' in page
    assert 'name="minutes" value=""' in page
    assert "would have fired" not in page


@pytest.mark.parametrize(
    ("fields", "said", "shown"),
    [
        (
            {"condition": "heartbeat", "heartbeat_minutes": "45"},
            "No heartbeat for 45 min",
            'name="heartbeat_minutes" value="45"',
        ),
        (
            {"condition": "log", "log_text": "out of memory"},
            "A line of a log contains “out of memory”",
            'name="log_text" value="out of memory"',
        ),
        (
            {
                "condition": "count",
                "count_minutes": "90",
                "count_runs": "4",
                "count_statuses": ["Failed"],
            },
            "4 runs in 90 min become Failed",
            'name="count_runs" value="4"',
        ),
    ],
)
def test_the_editor_has_each_condition(
    browser: Client, fields: dict[str, Any], said: str, shown: str
) -> None:
    saved = browser.post(f"{ALERTS}rules/new/", {**FORM, **fields})
    assert saved.status_code == 302
    assert said in browser.get(ALERTS).content.decode()
    rule = AlertRule.objects.get()
    assert shown in browser.get(f"{ALERTS}rules/{rule.pk}/").content.decode()


def test_a_rule_made_from_a_list_starts_with_its_filter(
    run: Run, browser: Client, owner: User
) -> None:
    experiment = run.experiment
    path = experiment_path("default", experiment.number, experiment.name)
    listed = browser.get(path, {"q": "status:failed", "mine": "1"}, follow=True)
    found = re.search(r'href="([^"]*/alerts/rules/new/[^"]*)"', listed.content.decode())
    assert found is not None
    page = browser.get(html.unescape(found[1]))
    parsed = parse(page.context["values"]["q"])
    assert parsed == parse(
        f"status:failed experiment:{experiment.name} submitter:{owner.username}"
    )


def test_rules_cost_the_same_queries_for_any_number(
    failed: Run, browser: Client
) -> None:
    def count(path: str) -> int:
        browser.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        return len(queries)

    for name in ("a", "b", "c"):
        browser.post(f"{ALERTS}rules/new/", {**FORM, "name": name})
        rule = AlertRule.objects.get(name=name)
        FiredAlert.objects.bulk_create(
            FiredAlert(rule=rule, run=failed, started=time, last=time, matches=1)
            for time in range(2)
        )
        if name == "a":
            pages = {path: count(path) for path in (ALERTS, f"{ALERTS}fired/")}
    assert {path: count(path) for path in pages} == pages
    shown = browser.get(ALERTS).context["rows"]
    assert [row.last.started for row in shown] == [1, 1, 1]


def test_the_activity_names_what_happened_to_a_rule(browser: Client) -> None:
    browser.post(f"{ALERTS}rules/new/", FORM)
    path = f"{ALERTS}rules/{AlertRule.objects.get().pk}"
    browser.post(f"{path}/enable/", {"on": "0"})
    browser.post(f"{path}/delete/")
    browser.post(f"{path}/restore/")
    page = browser.get("/w/default/activity/").content.decode()
    for verb in ("created", "disabled", "deleted", "restored"):
        assert f"{verb} the alert rule <b>Nightly fails</b>" in page


def test_rules_are_found_by_words_and_state(
    failed: Run, browser: Client, ben: User
) -> None:
    for name in ("Nightly", "Weekly"):
        browser.post(f"{ALERTS}rules/new/", {**FORM, "name": name})
    nightly, weekly = AlertRule.objects.order_by("name")
    AlertRule.objects.filter(pk=weekly.pk).update(author=ben, is_enabled=False)
    now = now_ms()
    FiredAlert.objects.bulk_create(
        FiredAlert(rule=nightly, run=failed, started=now - days * DAY_MS, last=now)
        for days in (0, 0, 6, 7)
    )

    def names(**query: str) -> list[str]:
        return [row.rule.name for row in browser.get(ALERTS, query).context["rows"]]

    assert names() == ["Nightly", "Weekly"]
    assert names(find="WEEK") == ["Weekly"]
    assert names(show="firing") == ["Nightly"]
    assert names(show="mine") == ["Nightly"]
    assert names(show="disabled") == ["Weekly"]
    assert names(find="night", show="disabled") == []
    page = browser.get(ALERTS, {"find": "ly"}).content.decode()
    assert "?find=ly&amp;show=firing" in page
    assert "Fired 3 times in the last 7 days" in page
    tabs = {tab.label: tab.count for tab in browser.get(ALERTS).context["tabs"]}
    assert (tabs["Rules"], tabs["Fired"], tabs["Channels"]) == ("2", "4", "0")


def test_a_rule_is_counted_in_the_day_that_ends_with_the_moment(
    failed: Run, browser: Client
) -> None:
    browser.post(f"{ALERTS}rules/new/", FORM)
    rule, now = AlertRule.objects.get(), 100 * DAY_MS
    FiredAlert.objects.bulk_create(
        FiredAlert(rule=rule, run=failed, started=now - ago, last=now)
        for ago in (-1, 0, DAY_MS - 1, DAY_MS, 7 * DAY_MS - 1, 7 * DAY_MS)
    )
    assert fired_by_day([rule], now) == {rule.pk: [1, 0, 0, 0, 0, 1, 2]}
