"""Rules that tag or cancel the runs that match, in the name of their author."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.notify import (
    create_alert_rule,
    create_notifications,
    delete_alert_rule,
    fire_for_conditions,
    perform_alert_actions,
)
from runs.actions.run.lifecycle import change_status
from runs.actions.run_rows import lock_run
from runs.actions.undo import undo_change_set
from runs.models import (
    AlertAction,
    AlertRule,
    ChangeSet,
    Experiment,
    FiredAlert,
    Member,
    Role,
    Run,
    RunEvent,
    RunTag,
    User,
    Workspace,
)
from studio.core.errors import InvalidName, InvalidValue
from studio.core.statuses import RunStatus
from tests.actions.notify.rules import FAILS, MINUTE_MS, fail

pytestmark = pytest.mark.django_db

TAGS = replace(FAILS, recipients=(), tag_key="triage", tag_value="todo")
CANCELS = replace(
    FAILS, q="", condition="duration", settings={"minutes": 60}, cancels_run=True
)


@pytest.fixture
def tags(workspace: Workspace, actor: Actor, now: int) -> AlertRule:
    return create_alert_rule(workspace, TAGS, actor=actor, now=now)


def made_by(rule: AlertRule) -> list[ChangeSet]:
    return list(ChangeSet.objects.filter(alert_rule=rule).order_by("pk"))


def triaged() -> list[str]:
    rows = RunTag.objects.filter(key__name="triage", value="todo")
    return sorted(rows.values_list("run__run_id", flat=True))


def page(path: str, actor: Actor) -> str:
    client = Client()
    assert actor.user is not None
    client.force_login(actor.user)
    return client.get(f"/w/default/{path}", follow=True).content.decode()


def outcomes() -> dict[str, int]:
    return dict(FiredAlert.objects.get().outcomes)


def test_matching_runs_are_tagged_by_one_change_set_that_names_the_rule(
    tags: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    for name in "ab":
        fail(experiment, name, actor, now)
    fail(experiment, "other", actor, now, tag="debug")
    create_notifications(now)
    assert perform_alert_actions(now) == 2
    assert triaged() == ["a", "b"]
    [made] = made_by(tags)
    assert (made.actor, made.token, made.way) == (actor.user, None, "server")
    assert (made.action, made.run_count) == ("set tags", 2)
    assert outcomes() == {"tagged": 2}
    undo_change_set(made, actor=actor, now=now)
    assert triaged() == []


def test_a_run_is_changed_once_per_match(
    tags: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    run = fail(experiment, "a", actor, now)
    create_notifications(now)
    perform_alert_actions(now)
    RunTag.objects.filter(key__name="triage").delete()
    # Neither another look nor what was handled before tags it again.
    create_notifications(now)
    assert perform_alert_actions(now) == 0
    assert triaged() == []
    change_status(run, RunStatus.RUNNING, actor=actor, now=now)
    create_notifications(now)
    assert perform_alert_actions(now) == 0


def test_a_long_run_is_canceled_once_and_its_history_names_the_rule(
    run: Run, workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    rule = create_alert_rule(workspace, CANCELS, actor=actor, now=now)
    fire_for_conditions(now + 60 * MINUTE_MS)
    assert perform_alert_actions(now + 60 * MINUTE_MS) == 1
    run.refresh_from_db()
    assert run.state is RunStatus.CANCEL_REQUESTED
    event = RunEvent.objects.filter(run=run).latest("pk")
    assert event.message == "Cancel was requested by the alert rule Fails"
    [made] = made_by(rule)
    edits = list(made.changes.values_list("field", "before", "after"))
    assert edits == [("status", "Running", "CancelRequested")]
    assert (made.kind, outcomes()) == ("status", {"canceled": 1})
    fire_for_conditions(now + 61 * MINUTE_MS)
    assert perform_alert_actions(now + 61 * MINUTE_MS) == 0
    for path in (f"runs/{run.run_id}/history/", "activity/"):
        assert "alert rule “Fails”" in page(path, actor)


def test_locked_ended_and_trashed_runs_are_skipped_and_counted(
    tags: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    AlertRule.objects.update(cancels_run=True)
    locked = fail(experiment, "locked", actor, now)
    lock_run(locked, actor=actor, now=now)
    trashed = fail(experiment, "trashed", actor, now)
    fail(experiment, "ended", actor, now)
    create_notifications(now)
    Run.objects.filter(pk=trashed.pk).update(deleted=now)
    perform_alert_actions(now)
    assert triaged() == ["ended"]
    assert outcomes() == {"tagged": 1, "locked": 1, "trashed": 1, "ended": 1}
    assert len(made_by(tags)) == 1
    assert "skipped because locked: 1" in page("alerts/fired/", actor)


@pytest.mark.parametrize("role", [Role.READER, None])
def test_the_role_of_the_author_at_that_moment_counts(
    role: Role | None, tags: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    fail(experiment, "a", actor, now)
    create_notifications(now)
    member = Member.objects.filter(user=actor.user)
    if role is None:
        member.delete()
    else:
        member.update(role=role)
    perform_alert_actions(now)
    assert (triaged(), outcomes()) == ([], {"role": 1})
    assert made_by(tags) == []


def test_a_deleted_rule_changes_no_run(
    tags: AlertRule, experiment: Experiment, actor: Actor, now: int
) -> None:
    fail(experiment, "a", actor, now)
    create_notifications(now)
    assert AlertAction.objects.count() == 1
    delete_alert_rule(tags, actor=actor, now=now)
    assert perform_alert_actions(now) == 0
    assert triaged() == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"tag_key": "a\nb"}, InvalidName),
        ({"tag_key": ""}, InvalidValue),
        ({"tag_key": "", "tag_value": ""}, InvalidValue),
    ],
)
def test_a_wrong_action_is_refused(
    change: dict[str, Any],
    error: type[Exception],
    workspace: Workspace,
    actor: Actor,
    now: int,
) -> None:
    with pytest.raises(error):
        create_alert_rule(workspace, replace(TAGS, **change), actor=actor, now=now)
