"""The count of changes moves with whatever a list shows, and with nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, transaction

from runs.actions.actor import Actor
from runs.actions.experiments import experiments
from runs.actions.ingest import points_and_params
from runs.actions.run import run_edits
from runs.actions.run.lifecycle import change_status
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run, restore_run, trash_run
from runs.models import (
    ChangeCount,
    Experiment,
    Key,
    KeyKind,
    MetricGoal,
    Run,
    User,
    Workspace,
    change_counts,
)
from studio.core.statuses import RunStatus

pytestmark = pytest.mark.django_db
Act = Callable[[Run, Experiment, Actor, int], object]


def star(run: Run, actor: Actor, now: int, on: bool) -> None:
    assert actor.user is not None
    run_edits.star_run(run, actor.user, on, actor=actor, now=now)


def star_experiment(experiment: Experiment, actor: Actor, now: int) -> None:
    assert actor.user is not None
    experiments.star_experiment(experiment, actor.user, True, actor=actor, now=now)


ACTS: dict[str, Act] = {
    "create": lambda _, e, a, now: create_run(e, actor=a, now=now),
    "move": lambda r, _, a, now: change_status(
        r, RunStatus.COMPLETED, actor=a, now=now
    ),
    "rename": lambda r, _, a, now: run_edits.rename_run(r, "b", actor=a, now=now),
    "describe": lambda r, _, a, now: run_edits.describe_run(r, "b", actor=a, now=now),
    "tag": lambda r, _, a, now: run_edits.set_run_tags(r, {"k": "v"}, actor=a, now=now),
    "untag": lambda r, _, a, now: run_edits.remove_run_tags(r, ["t"], actor=a, now=now),
    "property": lambda r, _, a, now: run_edits.add_run_properties(
        r, {"k": "v"}, actor=a, now=now
    ),
    "metric": lambda r, _, a, now: points_and_params.log_metrics(
        r, [points_and_params.Point("m", 1.0, now, 0)], actor=a, now=now
    ),
    "params": lambda r, _, a, now: points_and_params.log_params(
        r, {"p": "1"}, actor=a, now=now
    ),
    "star": lambda r, _, a, now: star(r, a, now, True),
    "trash": lambda r, _, a, now: trash_run(r, actor=a, now=now),
    "purge": lambda r, _, a, now: purge_run(
        trash_run(r, actor=a, now=now), actor=a, now=now
    ),
    "rename experiment": lambda _, e, a, now: experiments.rename_experiment(
        e, "other", actor=a, now=now
    ),
    "trash experiment": lambda _, e, a, now: experiments.delete_experiment(
        e, actor=a, now=now
    ),
    "star experiment": lambda _, e, a, now: star_experiment(e, a, now),
    "goal": lambda r, e, _, __: MetricGoal.objects.create(
        experiment=e,
        higher=True,
        key=Key.objects.create(workspace=r.workspace, kind=KeyKind.METRIC, name="loss"),
    ),
    "name of a person": lambda _, __, a, ___: User.objects.filter(
        pk=a.user.pk if a.user else 0
    ).update(display_name="Ada L."),
    "any other edit": lambda r, _, __, ___: Run.objects.filter(pk=r.pk).update(
        target="gpu"
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_all_listed_runs_are_counted(
    name: str, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    before = run.workspace.count_changes()
    ACTS[name](run, experiment, actor, now)
    after = run.workspace.count_changes()
    assert before is not None
    assert after is not None
    assert after > before


def test_removing_a_star_is_counted(run: Run, actor: Actor, now: int) -> None:
    star(run, actor, now, True)
    before = run.workspace.count_changes()
    star(run, actor, now, False)
    assert run.workspace.count_changes() != before


def test_restoring_is_counted(run: Run, actor: Actor, now: int) -> None:
    trash_run(run, actor=actor, now=now)
    before = run.workspace.count_changes()
    restore_run(run, actor=actor, now=now)
    assert run.workspace.count_changes() != before


def test_other_workspaces_and_visits_are_not_counted(
    run: Run, actor: Actor, owner: User, now: int
) -> None:
    other = Workspace.objects.create(name="other")
    before = run.workspace.count_changes()
    create_run(
        experiments.create_experiment(other, "e", actor=actor, now=now),
        actor=actor,
        now=now,
    )
    User.objects.filter(pk=owner.pk).update(theme="dark", last_workspace=other)
    assert run.workspace.count_changes() == before


def test_rolled_back_changes_are_not_counted(run: Run, actor: Actor, now: int) -> None:
    before = run.workspace.count_changes()
    with transaction.atomic():
        run_edits.rename_run(run, "b", actor=actor, now=now)
        transaction.set_rollback(True)
    assert run.workspace.count_changes() == before


def test_lost_triggers_are_detected_and_the_count_continues(run: Run) -> None:
    assert change_counts.missing(connection) == []
    before = run.workspace.count_changes()
    change_counts.remove(connection)
    Run.objects.filter(pk=run.pk).update(name="b")
    assert change_counts.missing(connection)
    change_counts.install(connection)
    assert change_counts.missing(connection) == []
    assert run.workspace.count_changes() != before


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL counts once for each statement"
)
def test_an_update_gives_older_databases_the_triggers_of_new_ones(run: Run) -> None:
    new = trigger_sql()
    name = "runs_changecount_run_update"
    old = new[name].replace("= NEW.workspace_id", "IN (SELECT NEW.workspace_id AS id)")
    assert old != new[name]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(old)
    migration = importlib.import_module("runs.migrations.0050_faster_change_counts")
    migration.create_again(apps, SimpleNamespace(connection=connection))
    assert trigger_sql() == new


def trigger_sql() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def test_a_workspace_without_changes_has_no_count(run: Run) -> None:
    ChangeCount.objects.all().delete()
    assert run.workspace.count_changes() is None
