"""Experiments: names once, numbers, the trash, tags."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.experiments import experiments
from runs.models import Change, Experiment, Workspace
from studio.core.errors import AlreadyExists, InvalidState, InvalidValue


def fields(experiment: Experiment) -> list[tuple[str, object, object]]:
    rows = Change.objects.filter(experiment=experiment).order_by("id")
    return [(row.field, row.before, row.after) for row in rows]


def test_the_default_experiment_exists_once_with_number_0(
    workspace: Workspace, actor: Actor, now: int
) -> None:
    first = experiments.ensure_default(workspace, actor=actor, now=now)
    again = experiments.ensure_default(workspace, actor=actor, now=now)
    assert first == again
    assert (first.number, first.name) == (0, "Default")


def test_experiment_numbers_count_from_1(
    workspace: Workspace, actor: Actor, now: int
) -> None:
    experiments.ensure_default(workspace, actor=actor, now=now)
    names = ["a", "/Shared/YOLOv8", "数字"]
    made = [
        experiments.create_experiment(workspace, name, actor=actor, now=now)
        for name in names
    ]
    assert [e.number for e in made] == [1, 2, 3]


def test_a_name_in_the_trash_stays_taken(
    workspace: Workspace, experiment: Experiment, actor: Actor, now: int
) -> None:
    experiments.delete_experiment(experiment, actor=actor, now=now)
    with pytest.raises(AlreadyExists) as caught:
        experiments.create_experiment(workspace, "digits", actor=actor, now=now)
    assert caught.value.details["deleted"] is True
    assert "restore it, or use another name" in caught.value.message


def test_the_default_experiment_cannot_be_deleted(
    workspace: Workspace, actor: Actor, now: int
) -> None:
    default = experiments.ensure_default(workspace, actor=actor, now=now)
    with pytest.raises(InvalidState):
        experiments.delete_experiment(default, actor=actor, now=now)


def test_delete_and_restore_can_be_repeated(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    for _ in range(2):
        experiments.delete_experiment(experiment, actor=actor, now=now + 1)
    assert Experiment.objects.get(pk=experiment.pk).deleted == now + 1
    for _ in range(2):
        experiments.restore_experiment(experiment, actor=actor, now=now + 2)
    assert Experiment.objects.get(pk=experiment.pk).deleted is None
    assert fields(experiment) == [("deleted", False, True), ("deleted", True, False)]


def test_renaming_keeps_names_unique(
    workspace: Workspace, experiment: Experiment, actor: Actor, now: int
) -> None:
    experiments.create_experiment(workspace, "other", actor=actor, now=now)
    with pytest.raises(AlreadyExists):
        experiments.rename_experiment(experiment, "other", actor=actor, now=now)
    experiments.rename_experiment(experiment, "new", actor=actor, now=now + 5)
    experiment.refresh_from_db()
    assert (experiment.name, experiment.updated) == ("new", now + 5)
    assert fields(experiment) == [("name", "digits", "new")]


def test_a_deleted_experiment_keeps_its_name(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    experiments.delete_experiment(experiment, actor=actor, now=now)
    with pytest.raises(InvalidState):
        experiments.rename_experiment(experiment, "new", actor=actor, now=now)


@pytest.mark.parametrize("name", ["", " ", "x" * 501, "a\x00b", "a\nb"])
def test_bad_names_are_refused(
    workspace: Workspace, actor: Actor, now: int, name: str
) -> None:
    with pytest.raises(InvalidValue):
        experiments.create_experiment(workspace, name, actor=actor, now=now)
    assert not Experiment.objects.exists()


def test_tags_are_set_changed_and_removed(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    def tag(value: str | None) -> None:
        experiments.set_experiment_tag(experiment, "k", value, actor=actor, now=now)

    for value in ("1", "1", None):
        tag(value)
    assert experiments.delete_experiment_tag(experiment, "k", actor=actor, now=now)
    assert not experiments.delete_experiment_tag(experiment, "k", actor=actor, now=now)
    assert fields(experiment) == [
        ("tags.k", None, {"value": "1"}),
        ("tags.k", {"value": "1"}, {"value": None}),
        ("tags.k", {"value": None}, None),
    ]


def test_a_description_is_recorded(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    experiments.describe_experiment(experiment, "# Why", actor=actor, now=now)
    assert fields(experiment) == [("description", "", "# Why")]
    with pytest.raises(InvalidValue):
        experiments.describe_experiment(experiment, "x" * 65_537, actor=actor, now=now)


def test_archiving_is_recorded(experiment: Experiment, actor: Actor, now: int) -> None:
    for on in (True, True, False):
        experiments.archive_experiment(experiment, on, actor=actor, now=now)
    assert fields(experiment) == [("archived", False, True), ("archived", True, False)]
