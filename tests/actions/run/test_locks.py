"""A locked run is not deleted on any path."""

from __future__ import annotations

import pytest

from runs.actions.actor import SERVER, Actor
from runs.actions.experiments.experiments import (
    create_experiment,
    delete_experiment,
    restore_experiment,
)
from runs.actions.expiry.expiry import DAY_MS, purge_experiments, purge_old_trash
from runs.actions.files.files import delete_files, save_file
from runs.actions.ingest.logged_models import create_logged_model, trash_logged_model
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import restore_run, trash_run
from runs.actions.run_rows.locks import lock_run, unlock_run
from runs.actions.undo.undo import undo_change_set
from runs.models import ChangeSet, Experiment, LoggedModel, Run
from studio.core.errors import InvalidState

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(run: Run, actor: Actor, now: int) -> Run:
    return lock_run(run, actor=actor, now=now)


def test_a_locked_run_is_not_deleted_until_it_is_unlocked(
    locked: Run, actor: Actor, now: int
) -> None:
    with pytest.raises(InvalidState, match="locked by"):
        trash_run(locked, actor=actor, now=now)
    unlock_run(locked, actor=actor, now=now, is_owner=True)
    assert trash_run(locked, actor=actor, now=now).deleted == now


def test_a_locked_run_is_not_deleted_with_its_experiment(
    experiment: Experiment, locked: Run, actor: Actor, now: int
) -> None:
    with pytest.raises(InvalidState, match="run-1"):
        delete_experiment(experiment, actor=actor, now=now)
    unlock_run(locked, actor=actor, now=now, is_owner=True)
    delete_experiment(experiment, actor=actor, now=now)


def test_a_locked_run_is_not_deleted_with_the_experiment_of_its_model(
    locked: Run, actor: Actor, now: int
) -> None:
    other = create_experiment(locked.workspace, "other", actor=actor, now=now)
    model = create_logged_model(other, "m", source_run_id="run-1", actor=actor, now=now)
    with pytest.raises(InvalidState, match="run-1"):
        delete_experiment(other, actor=actor, now=now)
    Experiment.objects.filter(pk=other.pk).update(deleted=now)
    purge_experiments(now + 1)
    assert LoggedModel.objects.get() == model


@pytest.mark.parametrize("kept_by", ["its own", "its experiment's"])
def test_a_locked_run_is_not_purged(
    experiment: Experiment, locked: Run, actor: Actor, now: int, kept_by: str
) -> None:
    """However it came into the trash in spite of its lock."""
    trashed = Run.objects if kept_by == "its own" else Experiment.objects
    trashed.update(deleted=now)
    with pytest.raises(InvalidState, match="workspace owner can unlock"):
        purge_run(locked, actor=actor, now=now)
    assert purge_old_trash(now + 31 * DAY_MS) == 0
    assert Run.objects.get().experiment == experiment
    unlock_run(locked, actor=actor, now=now, is_owner=True)
    assert purge_old_trash(now + 31 * DAY_MS) == 1


@pytest.mark.usefixtures("files_dir")
def test_files_of_a_deleted_run_are_not_found(
    locked: Run, actor: Actor, now: int
) -> None:
    save_file(locked, "a.txt", [b"x"], actor=SERVER, now=now, limit=9)
    with pytest.raises(InvalidState):
        delete_files(locked, ["a.txt"], actor=actor, now=now)


@pytest.mark.usefixtures("files_dir")
def test_models_of_a_deleted_run_are_not_found(
    experiment: Experiment, locked: Run, actor: Actor, now: int
) -> None:
    model = create_logged_model(
        experiment, "m", source_run_id="run-1", actor=actor, now=now
    )
    save_file(model, "a.txt", [b"x"], actor=SERVER, now=now, limit=9)
    with pytest.raises(InvalidState, match="run-1"):
        delete_files(model, ["a.txt"], actor=actor, now=now)
    with pytest.raises(InvalidState, match="run-1"):
        trash_logged_model(model, now=now)
    unlock_run(locked, actor=actor, now=now, is_owner=True)
    assert delete_files(model, ["a.txt"], actor=actor, now=now) == 1
    trash_logged_model(model, now=now)


def test_a_deletion_that_was_undone_is_not_done_again(
    run: Run, actor: Actor, now: int
) -> None:
    trash_run(run, actor=actor, now=now)
    restore_run(run, actor=actor, now=now)
    lock_run(run, actor=actor, now=now)
    restored = ChangeSet.objects.get(action="restore run")
    with pytest.raises(InvalidState):
        undo_change_set(restored, actor=actor, now=now, anyway=True)


def test_runs_in_the_trash_cannot_be_locked(run: Run, actor: Actor, now: int) -> None:
    trash_run(run, actor=actor, now=now)
    with pytest.raises(InvalidState, match="Restore it"):
        lock_run(run, actor=actor, now=now)


def test_a_run_of_a_trashed_experiment_is_not_found(
    experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    delete_experiment(experiment, actor=actor, now=now)
    with pytest.raises(InvalidState, match="Restore it"):
        lock_run(run, actor=actor, now=now)
    unlock_run(run, actor=actor, now=now, is_owner=True)
    restore_experiment(experiment, actor=actor, now=now)
    assert lock_run(run, actor=actor, now=now).locked


def test_the_lock_is_in_the_history(locked: Run) -> None:
    assert ChangeSet.objects.get().action == "lock run"
