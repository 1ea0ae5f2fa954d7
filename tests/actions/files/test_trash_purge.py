"""Old trash that is no run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import (
    create_experiment,
    delete_experiment,
    ensure_default,
    restore_experiment,
    set_experiment_tag,
)
from runs.actions.expiry.expiry import purge_experiments, purge_old_trash
from runs.actions.files.files import save_file
from runs.actions.ingest.logged_models import (
    DatasetUse,
    create_logged_model,
    log_run_inputs,
    trash_logged_model,
)
from runs.actions.run.runs import trash_run
from runs.models import Experiment, LoggedModel, Run, Workspace
from tests.parts.records import stored_files

DAY = 86_400_000


def blobs(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in stored_files(folder))


def test_the_name_of_an_experiment_is_free_after_thirty_days_in_the_trash(
    workspace: Workspace, experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    use = DatasetUse("iris", "d1", "local", "{}")
    log_run_inputs(run, [use], [], actor=actor, now=now)
    set_experiment_tag(experiment, "team", "a", actor=actor, now=now)
    delete_experiment(experiment, actor=actor, now=now)
    purge_old_trash(now + 29 * DAY)
    assert Experiment.objects.filter(name="digits").exists()
    purge_old_trash(now + 31 * DAY)
    assert not Run.objects.exists()
    again = create_experiment(workspace, "digits", actor=actor, now=now)
    # Addresses of the old one must not lead to the new one.
    assert again.number == experiment.number + 1


def test_restored_experiments_and_the_default_experiment_are_not_purged(
    workspace: Workspace, experiment: Experiment, actor: Actor, now: int
) -> None:
    default = ensure_default(workspace, actor=actor, now=now)
    delete_experiment(experiment, actor=actor, now=now)
    restore_experiment(experiment, actor=actor, now=now + DAY)
    purge_old_trash(now + 90 * DAY)
    assert set(Experiment.objects.all()) == {default, experiment}


def test_an_experiment_with_runs_that_cannot_be_purged_yet_is_kept(
    experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    """As where the runs are purged one after the other, and one fails."""
    trash_run(run, actor=actor, now=now)
    delete_experiment(experiment, actor=actor, now=now)
    assert purge_experiments(now + 1) == 0
    assert Experiment.objects.get() == experiment


@pytest.mark.parametrize("source", ["run-1", "elsewhere"])
def test_a_deleted_model_is_purged_with_its_files_after_thirty_days(
    experiment: Experiment,
    run: Run,
    actor: Actor,
    now: int,
    files_dir: Path,
    source: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    made = [
        create_logged_model(
            experiment, name, actor=actor, now=now, source_run_id=source
        )
        for name in ("old", "kept")
    ]
    for model in made:
        save_file(model, "a", [model.name.encode()], actor=actor, now=now, limit=9)
    trash_logged_model(made[0], now=now)
    purge_old_trash(now + 29 * DAY)
    assert LoggedModel.objects.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        purge_old_trash(now + 31 * DAY)
    assert [model.name for model in LoggedModel.objects.all()] == ["kept"]
    assert blobs(files_dir) == [b"kept"]


def test_the_models_of_an_experiment_are_purged_with_it(
    experiment: Experiment,
    actor: Actor,
    now: int,
    files_dir: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    model = create_logged_model(experiment, "m", actor=actor, now=now)
    save_file(model, "a", [b"bytes"], actor=actor, now=now, limit=9)
    delete_experiment(experiment, actor=actor, now=now)
    with django_capture_on_commit_callbacks(execute=True):
        purge_old_trash(now + 31 * DAY)
    assert not LoggedModel.objects.exists()
    assert blobs(files_dir) == []
