"""Two workers that act on the same matches at once."""

from __future__ import annotations

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.notify import create_alert_rule, create_notifications
from runs.actions.notify.alert_actions import act_on_runs
from runs.models import ChangeSet, FiredAlert, Member, Role, Run, User, Workspace
from tests.actions.notify.rules import fail
from tests.actions.notify.test_alert_actions import TAGS
from tests.actions.run.test_tree_races import overlapping

NOW = 1_795_521_600_000


def test_only_one_of_two_workers_changes_a_run(committed: None) -> None:
    workspace = Workspace.objects.create(name="default")
    ada = User.objects.create(username="ada")
    Member.objects.create(user=ada, workspace=workspace, role=Role.CONTRIBUTOR)
    actor = Actor(ada)
    experiment = create_experiment(workspace, "digits", actor=actor, now=NOW)
    rule = create_alert_rule(workspace, TAGS, actor=actor, now=NOW)
    fail(experiment, "a", actor, NOW)
    create_notifications(NOW)
    alert, runs = FiredAlert.objects.get(), [Run.objects.get().pk]
    done: list[int] = []

    def work() -> None:
        # Both have read which actions are open.
        done.append(act_on_runs(alert.pk, runs, NOW))

    overlapping(work, work)
    assert sorted(done) == [0, 1]
    assert ChangeSet.objects.filter(alert_rule=rule).count() == 1
    alert.refresh_from_db()
    assert alert.outcomes == {"tagged": 1}
