"""Two who lock, delete, restore and purge at once: one of them is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import (
    create_experiment,
    delete_experiment,
    restore_experiment,
)
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run
from runs.actions.run_rows.locks import lock_run
from runs.models import Experiment, Run, Workspace, now_ms
from studio.core.errors import InvalidState
from tests.actions.run.test_tree_races import overlapping

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def run(committed: None) -> Run:
    workspace = Workspace.objects.create(name="default")
    home = create_experiment(workspace, "digits", actor=Actor(), now=now_ms())
    return create_run(home, run_id="run-1", actor=Actor(), now=now_ms())


def lock() -> None:
    lock_run(Run.objects.get(), actor=Actor(), now=now_ms())


def delete() -> None:
    delete_experiment(Experiment.objects.get(), actor=Actor(), now=now_ms())


def restore() -> None:
    restore_experiment(Experiment.objects.get(), actor=Actor(), now=now_ms())


@pytest.mark.parametrize("acts", [(lock, delete), (delete, lock)])
def test_a_locked_run_and_its_deleted_experiment_exclude_each_other(
    run: Run, acts: tuple[Callable[[], None], Callable[[], None]]
) -> None:
    with pytest.raises(InvalidState):
        overlapping(*acts)
    stored = Run.objects.select_related("experiment").get()
    assert stored.locked is (stored.experiment.deleted is None) is (acts[0] is lock)


def test_a_run_whose_experiment_is_just_restored_is_not_purged(run: Run) -> None:
    delete()
    with pytest.raises(InvalidState, match="not in the trash"):
        overlapping(restore, lambda: purge_run(run, actor=Actor(), now=now_ms()))
    assert Run.objects.get() == run
