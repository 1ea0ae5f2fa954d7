"""Runs move to another experiment with their trees, and come back."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.bulk import (
    BulkResult,
    MoveChange,
    Skip,
    apply_bulk_change,
    create_move_target,
    find_all_skipped,
)
from runs.actions.bulk import moves as moves_module
from runs.actions.experiments import delete_experiment, rename_experiment
from runs.actions.ingest import DatasetUse, create_logged_model, log_run_inputs
from runs.actions.run import create_run
from runs.actions.run_rows import lock_run
from runs.actions.undo import undo_change_set
from runs.models import (
    ChangeSet,
    Dataset,
    Experiment,
    LoggedModel,
    Run,
    RunCount,
    RunDataset,
)
from studio.core.errors import Conflict, InvalidState
from tests.parts.records import NOON

Places = dict[str, tuple[str, int]]


@pytest.fixture
def target(experiment: Experiment, actor: Actor) -> Experiment:
    place = create_move_target(experiment.workspace, "sweeps", actor=actor, now=NOON)
    create_run(place, run_id="there", actor=actor, now=NOON)
    return place


@pytest.fixture
def tree(experiment: Experiment, actor: Actor) -> list[Run]:
    """Two roots; the first has a child with a child."""
    parents = {"root": "", "child": "root", "below": "child", "alone": ""}
    return [
        create_run(experiment, run_id=name, parent_run_id=up, actor=actor, now=NOON)
        for name, up in parents.items()
    ]


def move(runs: list[Run], target: Experiment, actor: Actor) -> BulkResult:
    change = MoveChange(target)
    keys = change.affected([run.pk for run in runs])
    return apply_bulk_change(target.workspace, keys, change, actor=actor, now=NOON)


def places() -> Places:
    rows = Run.objects.values_list("run_id", "experiment__name", "number")
    return {run: (name, number) for run, name, number in rows.order_by("pk")}


def undo(actor: Actor) -> None:
    undo_change_set(ChangeSet.objects.latest("pk"), actor=actor, now=NOON)


def counts() -> dict[str, int]:
    """The kept counts per experiment, which lists show."""
    found: dict[str, int] = {}
    for row in RunCount.objects.select_related("experiment"):
        name = row.experiment.name
        found[name] = found.get(name, 0) + row.runs
    return found


def test_a_root_takes_its_tree_and_undo_brings_the_numbers_back(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    before = places()
    home = tree[0].experiment.name
    assert move([tree[0]], target, actor).changed == 3
    assert places() == {
        "root": ("sweeps", 2),
        "child": ("sweeps", 3),
        "below": ("sweeps", 4),
        "alone": before["alone"],
        "there": ("sweeps", 1),
    }
    assert counts() == {home: 1, "sweeps": 4}
    after = places()
    undo(actor)
    assert (places(), counts()) == (before, {home: 4, "sweeps": 1})
    undo(actor)
    assert places() == after


def test_a_child_alone_stays_and_says_so(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    keys = [tree[1].pk, tree[3].pk]
    change = MoveChange(target)
    found = find_all_skipped(target.workspace, change.affected(keys), change)
    assert found == {tree[1].pk: Skip.CHILD}
    assert move([tree[1], tree[3]], target, actor).changed == 1
    assert dict(move([tree[3]], target, actor).skipped) == {Skip.SAME: 1}


def test_a_tree_with_a_locked_run_stays(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    lock_run(tree[2], actor=actor, now=NOON)
    result = move(tree, target, actor)
    assert dict(result.skipped) == {Skip.LOCKED: 1, Skip.TREE_LOCKED: 2}
    assert [name for name, place in places().items() if place[0] == "sweeps"] == [
        "alone",
        "there",
    ]


def test_trees_are_not_divided_among_transactions(
    tree: list[Run], target: Experiment, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves_module, "RUNS_PER_TRANSACTION", 1)
    change = MoveChange(target)
    keys = [run.pk for run in reversed(tree)]
    assert list(change.split(keys)) == [[r.pk for r in tree[:3]], [tree[3].pk]]
    assert move(tree, target, actor).changed == 4
    assert ChangeSet.objects.filter(action="move run").count() == 1


def test_an_undo_takes_along_child_runs_that_came_since(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    move([tree[0]], target, actor)
    create_run(target, run_id="late", parent_run_id="child", actor=actor, now=NOON)
    undo(actor)
    assert places()["late"] == (tree[0].experiment.name, 5)


def test_a_number_that_is_used_again_gives_the_next_one(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    home = tree[0].experiment
    move([tree[3]], target, actor)
    other = create_run(home, run_id="other", actor=actor, now=NOON)
    Run.objects.filter(pk=other.pk).update(number=tree[3].number)
    undo(actor)
    assert places()["alone"] == (home.name, other.number + 1)


def test_a_renamed_experiment_is_the_same_place(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    before = places()
    move([tree[3]], target, actor)
    changed = ChangeSet.objects.latest("pk")
    rename_experiment(target, "renamed", actor=actor, now=NOON)
    undo_change_set(changed, actor=actor, now=NOON)
    assert places()["alone"] == before["alone"]


def test_a_later_move_is_not_overwritten_unless_asked(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    move([tree[3]], target, actor)
    first = ChangeSet.objects.latest("pk")
    third = create_move_target(target.workspace, "third", actor=actor, now=NOON)
    move([tree[3]], third, actor)
    with pytest.raises(Conflict) as raised:
        undo_change_set(first, actor=actor, now=NOON)
    assert raised.value.details["later"][0]["now"]["name"] == "third"
    undo_change_set(first, actor=actor, now=NOON, anyway=True)
    assert places()["alone"] == (tree[3].experiment.name, 4)


def test_no_run_moves_into_the_trash(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    move([tree[3]], target, actor)
    moved = ChangeSet.objects.latest("pk")
    home = tree[3].experiment
    delete_experiment(home, actor=actor, now=NOON)
    with pytest.raises(InvalidState, match="in the trash"):
        undo_change_set(moved, actor=actor, now=NOON)
    with pytest.raises(InvalidState, match="in the trash"):
        move([tree[3]], home, actor)


def test_models_and_datasets_move_too_and_outlive_the_old_experiment(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    home = tree[3].experiment
    use = DatasetUse("digits", "d1", "local", "x")
    for run in (tree[0], tree[3]):
        log_run_inputs(run, [use], (), actor=actor, now=NOON)
    create_logged_model(home, "m", source_run_id="alone", actor=actor, now=NOON)
    move([tree[3]], target, actor)
    assert LoggedModel.objects.get().experiment == target
    read = dict(RunDataset.objects.values_list("run__run_id", "dataset__experiment"))
    assert read == {"root": home.pk, "alone": target.pk}
    move([tree[0]], target, actor)
    assert Dataset.objects.get().experiment == target


def test_the_cost_does_not_grow_with_the_runs(
    tree: list[Run], target: Experiment, actor: Actor
) -> None:
    def count(runs: list[Run]) -> int:
        with CaptureQueriesContext(connection) as captured:
            move(runs, target, actor)
        return len(captured)

    assert count([tree[0]]) <= count([tree[3]])
