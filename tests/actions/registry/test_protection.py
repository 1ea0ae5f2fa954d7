"""What a version points to is not deleted: by no path, and not at the same time."""

from __future__ import annotations

import pytest

from runs.actions import registry
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments import (
    create_experiment,
    delete_experiment,
    restore_experiment,
)
from runs.actions.expiry import purge_old_trash
from runs.actions.ingest import trash_logged_model
from runs.actions.run import create_run, purge_run, restore_run, trash_run
from runs.actions.undo import undo_change_set
from runs.models import (
    ChangeSet,
    Experiment,
    LoggedModel,
    ModelAlias,
    ModelVersion,
    RegisteredModel,
    Run,
    Workspace,
    now_ms,
)
from studio.core.errors import Conflict, InvalidState
from tests.actions.registry.conftest import Register
from tests.actions.run.test_tree_races import overlapping

DAY = 86_400_000


@pytest.fixture(params=["files", "model"])
def version(
    request: pytest.FixtureRequest, register: Register, logged: LoggedModel
) -> ModelVersion:
    """A version of files of the run, and one of a model that the run logged."""
    return register("" if request.param == "files" else f"models:/{logged.model_id}")


def test_a_registered_run_is_not_deleted(
    version: ModelVersion, run: Run, actor: Actor, now: int
) -> None:
    with pytest.raises(
        InvalidState, match=r"churn version 1\. Delete those versions first"
    ):
        trash_run(run, actor=actor, now=now)
    run.refresh_from_db()
    assert run.deleted is None
    registry.delete_version(version, actor=actor, now=now)
    assert trash_run(run, actor=actor, now=now).deleted == now


def test_an_experiment_of_a_registered_run_is_not_deleted(
    version: ModelVersion, experiment: Experiment, actor: Actor, now: int
) -> None:
    with pytest.raises(InvalidState, match="churn version 1"):
        delete_experiment(experiment, actor=actor, now=now)
    registry.delete_version(version, actor=actor, now=now)
    assert delete_experiment(experiment, actor=actor, now=now).deleted == now


def test_a_registered_logged_model_is_not_deleted(
    register: Register, logged: LoggedModel, actor: Actor, now: int
) -> None:
    version = register(f"models:/{logged.model_id}")
    with pytest.raises(InvalidState, match="churn version 1"):
        trash_logged_model(logged, now=now)
    registry.delete_version(version, actor=actor, now=now)
    trash_logged_model(logged, now=now)


def test_an_error_names_few_of_many_versions(
    register: Register, run: Run, actor: Actor, now: int
) -> None:
    for _ in range(7):
        register()
    with pytest.raises(InvalidState) as caught:
        trash_run(run, actor=actor, now=now)
    named = ", ".join(f"churn version {number}" for number in range(1, 6))
    assert f"use it: {named}, …. Delete" in caught.value.message


def test_undo_does_not_delete_what_is_registered(
    register: Register, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    trash_run(run, actor=actor, now=now)
    restore_run(run, actor=actor, now=now)
    delete_experiment(experiment, actor=actor, now=now)
    restore_experiment(experiment, actor=actor, now=now)
    changes = list(ChangeSet.objects.filter(action__startswith="restore"))
    register()
    for change_set in changes:
        with pytest.raises(InvalidState, match="churn version 1"):
            undo_change_set(change_set, actor=actor, now=now)


def test_expiry_keeps_what_is_registered(
    version: ModelVersion,
    run: Run,
    experiment: Experiment,
    logged: LoggedModel,
    now: int,
) -> None:
    # No action leads here: a version and what it points to, in the trash.
    LoggedModel.objects.filter(pk=logged.pk).update(deleted=now)
    Run.objects.filter(pk=run.pk).update(deleted=now)
    Experiment.objects.filter(pk=experiment.pk).update(deleted=now)
    with pytest.raises(InvalidState):
        purge_run(run, actor=SERVER, now=now)
    assert purge_old_trash(now + 31 * DAY) == 0
    assert ModelVersion.objects.get() == version
    assert Run.objects.get() == run


def test_a_workspace_is_deleted_with_its_versions(
    version: ModelVersion, workspace: Workspace
) -> None:
    registry.move_alias(version, "best", actor=SERVER, now=1)
    Run.objects.update(purging=True)
    workspace.delete()
    assert not RegisteredModel.objects.exists()
    assert not ModelVersion.objects.exists()


class TestAtOnce:
    """Two transactions; the second waits for the first."""

    pytestmark = pytest.mark.usefixtures("committed")

    @pytest.fixture
    def trained(self) -> Run:
        workspace = Workspace.objects.create(name="default")
        experiment = create_experiment(workspace, "e", actor=SERVER, now=now_ms())
        return create_run(experiment, run_id="r", actor=SERVER, now=now_ms())

    def register(self, run: Run) -> ModelVersion:
        return registry.register_version(
            run.workspace, "churn", "runs:/r/m", actor=SERVER, now=now_ms(), create=True
        )

    def test_a_run_is_deleted_before_it_is_registered(self, trained: Run) -> None:
        with pytest.raises(InvalidState, match="trash"):
            overlapping(
                lambda: trash_run(trained, actor=SERVER, now=now_ms()),
                lambda: self.register(trained),
            )
        assert not RegisteredModel.objects.exists()

    def test_a_run_is_registered_before_it_is_deleted(self, trained: Run) -> None:
        other = Run.objects.get()
        with pytest.raises(InvalidState, match="churn version 1"):
            overlapping(
                lambda: self.register(trained),
                lambda: trash_run(other, actor=SERVER, now=now_ms()),
            )
        assert Run.objects.get().deleted is None

    def test_two_register_at_once(self, trained: Run) -> None:
        overlapping(lambda: self.register(trained), lambda: self.register(trained))
        numbers = ModelVersion.objects.order_by("number")
        assert list(numbers.values_list("number", flat=True)) == [1, 2]
        assert RegisteredModel.objects.get().version_count == 2

    def test_two_promote_at_once(self, trained: Run) -> None:
        versions = [self.register(trained) for _ in range(3)]
        registry.move_alias(versions[0], "best", actor=SERVER, now=now_ms())

        def promote(version: ModelVersion) -> None:
            registry.move_alias(version, "best", actor=SERVER, now=now_ms(), expected=1)

        with pytest.raises(Conflict):
            overlapping(lambda: promote(versions[1]), lambda: promote(versions[2]))
        assert ModelAlias.objects.get().version == versions[1]

    def test_an_alias_moves_before_its_version_is_deleted(self, trained: Run) -> None:
        version = self.register(trained)
        with pytest.raises(InvalidState, match="@best"):
            overlapping(
                lambda: registry.move_alias(
                    version, "best", actor=SERVER, now=now_ms()
                ),
                lambda: registry.delete_version(version, actor=SERVER, now=now_ms()),
            )
        assert ModelAlias.objects.get().version == version
