"""Followers and rules notice which runs enter and leave a view."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runs.actions.actor import Actor
from runs.actions.notify import (
    create_alert_rule,
    find_subscription,
    follow,
    look_at_views,
    unsubscribe,
    view_watching,
)
from runs.actions.notify.alert_matching import notify_of_alerts
from runs.actions.notify.subscriptions import sign_subscription
from runs.actions.run.run_edits import set_run_tags
from runs.actions.run.runs import create_run
from runs.models import (
    AlertRule,
    Delivery,
    Experiment,
    FiredAlert,
    Follow,
    Member,
    Notification,
    Run,
    RunTag,
    User,
    View,
    Workspace,
)
from studio.core.errors import InvalidValue
from tests.access.people import browser_of
from tests.actions.notify.conftest import work
from tests.actions.notify.rules import FAILS, MINUTE_MS
from tests.actions.notify.smtp import Postbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def view(workspace: Workspace, ben: User, now: int) -> View:
    return View.objects.create(
        workspace=workspace,
        slug="abc1234567",
        name="Nightly runs",
        owner=ben,
        spec={"q": "tag:nightly"},
        created=now,
        updated=now,
    )


@pytest.fixture
def ben_follows(workspace: Workspace, ben: User, view: View, now: int) -> Follow:
    follow(workspace, view, True, actor=Actor(ben), now=now)
    return Follow.objects.get(view=view)


def run_in_view(experiment: Experiment, name: str, actor: Actor, now: int) -> Run:
    run = create_run(experiment, run_id=name, actor=actor, now=now)
    set_run_tags(run, {"nightly": ""}, actor=actor, now=now)
    return run


def notified() -> list[tuple[str, int, str]]:
    rows = Notification.objects.filter(view__isnull=False).order_by("pk")
    return list(rows.values_list("user__username", "count", "run__run_id"))


def test_runs_that_enter_notify_followers_with_a_pause_between_messages(
    ben_follows: Follow, experiment: Experiment, actor: Actor, now: int
) -> None:
    run_in_view(experiment, "old", actor, now)
    assert look_at_views(now) == 0
    create_run(experiment, run_id="other", actor=actor, now=now)
    run = run_in_view(experiment, "r1", actor, now)
    assert look_at_views(now) == 1
    assert notified() == [("ben", 1, "r1")]
    for name in ("r2", "r3"):
        run_in_view(experiment, name, actor, now)
        look_at_views(now + MINUTE_MS)
    assert len(notified()) == 1
    look_at_views(now + 11 * MINUTE_MS)
    assert notified()[1:] == [("ben", 2, "r3")]
    # A run that leaves and comes back enters again.
    RunTag.objects.filter(run=run).delete()
    assert look_at_views(now + 12 * MINUTE_MS) == 1
    set_run_tags(run, {"nightly": ""}, actor=actor, now=now)
    look_at_views(now + 22 * MINUTE_MS)
    assert notified()[2:] == [("ben", 1, "r1")]


def test_a_view_that_is_saved_again_begins_again(
    ben_follows: Follow, view: View, experiment: Experiment, actor: Actor, now: int
) -> None:
    look_at_views(now)
    create_run(experiment, run_id="r1", actor=actor, now=now)
    View.objects.update(spec={"q": ""}, revision=2)
    assert look_at_views(now) == 0
    create_run(experiment, run_id="r2", actor=actor, now=now)
    assert look_at_views(now) == 1
    assert notified() == [("ben", 1, "r2")]


def test_the_mail_leads_to_the_view_and_ends_by_its_link(
    ben_follows: Follow,
    postbox: Postbox,
    experiment: Experiment,
    actor: Actor,
    now: int,
) -> None:
    look_at_views(now)
    for name in ("r1", "r2"):
        run_in_view(experiment, name, actor, now)
    look_at_views(now)
    work(now)
    [mail] = postbox.mails
    assert mail["Subject"] == "[default] 2 new runs: Nightly runs"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "/v/abc1234567/" in text
    assert "you follow the view Nightly runs" in text
    found = find_subscription(sign_subscription(Notification.objects.get()))
    assert found.name == "Nightly runs"
    unsubscribe(found)
    assert not Follow.objects.exists()


def test_former_members_and_private_views_are_left_out(
    workspace: Workspace,
    view: View,
    actor: Actor,
    owner: User,
    ben: User,
    experiment: Experiment,
    postbox: Postbox,
    now: int,
) -> None:
    View.objects.update(shared=True)
    follow(workspace, view, True, actor=Actor(owner), now=now)
    look_at_views(now)
    run_in_view(experiment, "r1", actor, now)
    View.objects.update(shared=False)
    look_at_views(now)
    assert notified() == []
    View.objects.update(shared=True)
    look_at_views(now)
    run_in_view(experiment, "r2", actor, now)
    Member.objects.filter(user=owner).delete()
    look_at_views(now)
    assert notified() == []


def test_rules_fire_for_runs_that_enter_and_leave(
    workspace: Workspace, view: View, ben: User, experiment: Experiment, now: int
) -> None:
    actor = Actor(ben)
    for condition in ("entered", "left"):
        text = replace(FAILS, name=condition, condition=condition, q="", throttle=0)
        text = replace(text, settings={"view": view.slug})
        create_alert_rule(workspace, text, actor=actor, now=now)
    look_at_views(now)
    run = run_in_view(experiment, "r1", actor, now)
    look_at_views(now)
    fired = FiredAlert.objects.values_list("rule__name", "matches")
    assert list(fired) == [("entered", 1)]
    RunTag.objects.filter(run=run).delete()
    look_at_views(now)
    assert set(fired.all()) == {("entered", 1), ("left", 1)}
    assert notify_of_alerts(now) == 2
    View.objects.update(deleted=now)
    look_at_views(now)
    assert all("view" in rule.error for rule in AlertRule.objects.all())


def test_a_rule_needs_a_view_that_its_author_sees(
    workspace: Workspace, view: View, actor: Actor, ben: User, now: int
) -> None:
    text = replace(FAILS, condition="entered", settings={"view": view.slug})
    with pytest.raises(InvalidValue):
        create_alert_rule(workspace, text, actor=actor, now=now)
    unknown = replace(text, settings={"view": "nope"})
    with pytest.raises(InvalidValue):
        create_alert_rule(workspace, unknown, actor=Actor(ben), now=now)
    create_alert_rule(workspace, text, actor=Actor(ben), now=now)


def test_a_view_with_too_many_runs_says_so(
    ben_follows: Follow,
    ben: User,
    experiment: Experiment,
    actor: Actor,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view_watching, "MAX_RUNS", 1)
    look_at_views(now)
    for name in ("r1", "r2"):
        run_in_view(experiment, name, actor, now)
    assert look_at_views(now) == 0
    page = browser_of(ben).get("/account/notifications/").content.decode()
    assert "too many to compare" in page


def test_the_pages_follow_show_and_open(
    view: View, ben: User, experiment: Experiment, actor: Actor, now: int
) -> None:
    browser = browser_of(ben)
    views = "/w/default/views/"
    assert "Notify me" in browser.get(views).content.decode()
    browser.post(f"{views}{view.slug}/follow/", {"on": "1"})
    assert "Stop notifying me" in browser.get(views).content.decode()
    look_at_views(now)
    for name in ("r1", "r2"):
        run_in_view(experiment, name, actor, now)
    look_at_views(now)
    inbox = browser.get("/inbox/").content.decode()
    assert "2 new runs" in inbox
    assert "you follow the view Nightly runs" in inbox
    number = Notification.objects.get().pk
    opened = browser.post(f"/inbox/{number}/")
    assert opened.headers["Location"] == f"/v/{view.slug}/"
    assert "Nightly runs" in browser.get("/account/notifications/").content.decode()
    browser.post(f"{views}{view.slug}/follow/", {"on": "0"})
    assert not Follow.objects.exists()
    assert Delivery.objects.count() == 0
    form = {
        "name": "Enters",
        "condition": "entered",
        "entered_view": view.slug,
        "severity": "2",
        "throttle": "0",
        "recipients": ["ben"],
    }
    browser.post("/w/default/alerts/rules/new/", form)
    rule = AlertRule.objects.get()
    assert rule.settings == {"view": view.slug}
    editor = browser.get(f"/w/default/alerts/rules/{rule.pk}/").content.decode()
    assert f'<option value="{view.slug}" selected>' in editor
    assert (
        "Enters the view Nightly runs"
        in browser.get("/w/default/alerts/").content.decode()
    )
