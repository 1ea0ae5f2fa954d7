"""The lock against deletion holds on every path by which a run is deleted."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.experiments import delete_experiment
from runs.actions.files import delete_file, save_file
from runs.actions.locks import lock_run
from runs.actions.models import create_model, trash_model
from runs.actions.runs import restore_run, trash_run
from runs.actions.undo import undo
from runs.models import ChangeSet, Experiment, Run
from studio.core.errors import InvalidState

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(run: Run, actor: Actor, now: int) -> Run:
    return lock_run(run, True, actor=actor, now=now)


def test_a_locked_run_is_not_deleted_until_it_is_unlocked(
    locked: Run, actor: Actor, now: int
) -> None:
    with pytest.raises(InvalidState, match="locked against deletion"):
        trash_run(locked, actor=actor, now=now)
    lock_run(locked, False, actor=actor, now=now)
    assert trash_run(locked, actor=actor, now=now).deleted == now


def test_nor_with_its_experiment(
    experiment: Experiment, locked: Run, actor: Actor, now: int
) -> None:
    with pytest.raises(InvalidState, match="run-1"):
        delete_experiment(experiment, actor=actor, now=now)
    lock_run(locked, False, actor=actor, now=now)
    delete_experiment(experiment, actor=actor, now=now)


@pytest.mark.usefixtures("files_dir")
def test_nor_are_its_files(locked: Run, actor: Actor, now: int) -> None:
    save_file(locked, "a.txt", [b"x"], actor=actor, now=now, limit=9)
    with pytest.raises(InvalidState):
        delete_file(locked, "a.txt", actor=actor, now=now)


@pytest.mark.usefixtures("files_dir")
def test_nor_are_the_models_that_it_wrote(
    experiment: Experiment, locked: Run, actor: Actor, now: int
) -> None:
    model = create_model(experiment, "m", source_run_id="run-1", actor=actor, now=now)
    save_file(model, "a.txt", [b"x"], actor=actor, now=now, limit=9)
    with pytest.raises(InvalidState, match="run-1"):
        delete_file(model, "a.txt", actor=actor, now=now)
    with pytest.raises(InvalidState, match="run-1"):
        trash_model(model, now=now)
    lock_run(locked, False, actor=actor, now=now)
    assert delete_file(model, "a.txt", actor=actor, now=now) == 1
    trash_model(model, now=now)


def test_a_deletion_that_was_undone_is_not_done_again(
    run: Run, actor: Actor, now: int
) -> None:
    trash_run(run, actor=actor, now=now)
    restore_run(run, actor=actor, now=now)
    lock_run(run, True, actor=actor, now=now)
    restored = ChangeSet.objects.get(action="restore run")
    with pytest.raises(InvalidState):
        undo(restored, actor=actor, now=now, anyway=True)


def test_what_is_in_the_trash_is_not_locked(run: Run, actor: Actor, now: int) -> None:
    trash_run(run, actor=actor, now=now)
    with pytest.raises(InvalidState, match="restore it"):
        lock_run(run, True, actor=actor, now=now)


def test_the_lock_is_in_the_history(locked: Run) -> None:
    assert ChangeSet.objects.get().action == "lock run"
