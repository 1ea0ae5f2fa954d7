"""Purging takes everything of one run, and nothing of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import delete_experiment
from runs.actions.expiry.expiry import purge_experiments
from runs.actions.files.files import save_file
from runs.actions.ingest import points_and_params
from runs.actions.ingest.points_and_params import Point
from runs.actions.run import run_edits
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run, trash_run
from runs.models import Change, Experiment, LoggedModel, Run, User, merge_run_counts
from studio.core.errors import InvalidState, NotFound
from tests.parts.records import stored_files

#: Rows that are not a run's own stay: people, keys, the change set as such.
STAYS = {"Workspace", "User", "Member", "Experiment", "Key", "ChangeSet"}
STAYS |= {"ChangeCount"}


def fill(run: Run, owner: User, actor: Actor, now: int) -> None:
    """Give a run something of each kind."""
    who: dict[str, Any] = {"actor": actor, "now": now}
    points = [Point("loss", float(i), now, i) for i in range(300)]
    points_and_params.log_metrics(run, points, batch=("w", 0), **who)
    points_and_params.log_params(run, {"lr": "0.1"}, **who)
    run_edits.set_run_tags(run, {"a": "1"}, **who)
    run_edits.add_run_properties(run, {"git": "4be1"}, **who)
    run_edits.star_run(run, owner, True, **who)
    save_file(run, "out/a.txt", [b"1"], limit=10, **who)
    save_file(run, "out/a.txt", [b"2"], limit=10, **who)
    model = LoggedModel.objects.create(
        workspace=run.workspace,
        experiment=run.experiment,
        model_id=f"m-{run.pk}",
        name="m",
        status="x",
        source_run=run,
        created=now,
        updated=now,
    )
    save_file(model, "MLmodel", [b"3"], limit=10, **who)


def trash_and_purge(run: Run, *, actor: Actor, now: int) -> None:
    trash_run(run, actor=actor, now=now)
    purge_run(run, actor=actor, now=now)


def rows() -> dict[str, int]:
    merge_run_counts()
    models = [m for m in apps.get_app_config("runs").get_models() if m._meta.managed]
    counts = {m.__name__: m._default_manager.count() for m in models}
    # The purge itself is a change of the workspace, which stays.
    counts["Change"] -= Change.objects.filter(field__startswith="purged.").count()
    return {name: count for name, count in counts.items() if name not in STAYS}


def test_a_purge_deletes_all_rows_of_the_run(
    run: Run,
    owner: User,
    actor: Actor,
    now: int,
    files_dir: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    fill(run, owner, actor, now)
    with django_capture_on_commit_callbacks(execute=True):
        trash_and_purge(run, actor=actor, now=now)
    assert {name: count for name, count in rows().items() if count} == {}
    assert stored_files(files_dir) == []


def test_a_purge_deletes_nothing_of_other_runs(
    run: Run,
    experiment: Experiment,
    owner: User,
    actor: Actor,
    now: int,
    files_dir: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    fill(run, owner, actor, now)
    before = rows()
    other = create_run(experiment, actor=actor, now=now)
    fill(other, owner, actor, now)
    with django_capture_on_commit_callbacks(execute=True):
        trash_and_purge(other, actor=actor, now=now)
    assert rows() == before


def test_only_runs_in_the_trash_can_be_purged(run: Run, actor: Actor, now: int) -> None:
    with pytest.raises(InvalidState):
        purge_run(run, actor=actor, now=now)
    assert Run.objects.filter(pk=run.pk, purging=False).exists()


def test_a_purged_run_cannot_be_purged_again(
    run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    delete_experiment(experiment, actor=actor, now=now)
    known = Run.objects.get(pk=run.pk)
    purge_run(run, actor=actor, now=now)
    with pytest.raises(NotFound, match="'run-1' no longer exists"):
        purge_run(known, actor=actor, now=now)
    purge_experiments(now + 1)
    with pytest.raises(NotFound, match="experiment no longer exists"):
        purge_run(known, actor=actor, now=now)


def test_a_deleted_experiments_runs_can_be_purged(
    run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    delete_experiment(experiment, actor=actor, now=now)
    purge_run(run, actor=actor, now=now)
    assert not Run.objects.exists()


def test_children_of_a_purged_run_become_root_runs(
    run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    def below(parent: Run) -> Run:
        return create_run(experiment, parent_run_id=parent.run_id, actor=actor, now=now)

    child = below(run)
    grandchild = below(child)
    great = below(grandchild)
    trash_run(run, actor=actor, now=now)
    purge_run(run, actor=actor, now=now)
    roots = {r.pk: r.root_id for r in Run.objects.all()}
    assert roots == {child.pk: None, grandchild.pk: child.pk, great.pk: child.pk}
