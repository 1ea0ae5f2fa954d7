"""Making runs, their numbers and names, the tree, the trash."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment, delete_experiment
from runs.actions.run.runs import create_run, restore_run, set_run_parent, trash_run
from runs.models import Change, Experiment, Run, RunTag, Workspace
from studio.core.errors import (
    AlreadyExists,
    Immutable,
    InvalidName,
    InvalidState,
    InvalidValue,
)
from studio.core.statuses import RunStatus


@pytest.fixture
def make(experiment: Experiment, actor: Actor, now: int) -> Any:
    def make(run_id: str | None = None, parent: str = "", **more: Any) -> Run:
        return create_run(
            experiment,
            run_id=run_id,
            parent_run_id=parent,
            actor=actor,
            now=now,
            **more,
        )

    return make


def tree(*runs: Run) -> dict[str, tuple[str | None, str | None]]:
    """Each run's parent and root by id, as stored."""
    rows = Run.objects.filter(pk__in=[run.pk for run in runs])
    return {
        row.run_id: (
            row.parent.run_id if row.parent else None,
            row.root.run_id if row.root else None,
        )
        for row in rows.select_related("parent", "root")
    }


def test_a_run_without_id_and_name_gets_both(make: Any) -> None:
    run = make()
    assert re.fullmatch(r"[0-9a-f]{32}", run.run_id)
    assert re.fullmatch(r"[a-z]+_[a-z]+_[a-z0-9]{8}", run.name)


def test_numbers_count_per_experiment(
    make: Any, workspace: Workspace, actor: Actor, now: int
) -> None:
    other = create_experiment(workspace, "other", actor=actor, now=now)
    assert [make().number for _ in range(3)] == [1, 2, 3]
    assert create_run(other, actor=actor, now=now).number == 1


def test_an_id_is_used_once_in_its_workspace(make: Any) -> None:
    make("a")
    with pytest.raises(AlreadyExists):
        make("a")
    assert Run.objects.filter(run_id="a").count() == 1


def test_another_workspace_can_use_the_same_id(
    make: Any, actor: Actor, now: int
) -> None:
    make("a")
    other = Workspace.objects.create(name="other")
    experiment = create_experiment(other, "digits", actor=actor, now=now)
    assert create_run(experiment, run_id="a", actor=actor, now=now).number == 1


@pytest.mark.parametrize("run_id", ["", "-a", "a b", "a/b", "x" * 257, "é", "a\x00"])
def test_a_bad_id_is_refused(make: Any, run_id: str) -> None:
    with pytest.raises(InvalidValue):
        make(run_id)
    assert not Run.objects.exists()


def test_fields_of_a_new_run_are_kept(make: Any) -> None:
    run = make(
        "a",
        tags={"baseline": None, "team": "nlp"},
        params={"lr": "0.1"},
        properties={"git": "4be1"},
    )
    assert dict(run.tags.values_list("key__name", "value")) == {
        "baseline": None,
        "team": "nlp",
    }
    assert dict(run.params.values_list("value", "number")) == {"0.1": 0.1}
    assert list(run.properties.values_list("key__name", "value")) == [("git", "4be1")]


@pytest.mark.parametrize(
    "more",
    [
        {"tags": {"x" * 256: "1"}},
        {"params": {"a": "\x00"}},
        {"properties": {"": "1"}},
        {"description": "x" * 65_537},
        {"name": "a\nb"},
        {"started": -1},
        {"parent": "not an id"},
    ],
)
def test_a_refused_run_stores_nothing(make: Any, more: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        make("a", **more)
    assert not Run.objects.exists()
    assert not RunTag.objects.exists()
    assert make("b").number == 1


def test_a_deleted_experiment_accepts_no_runs(
    make: Any, experiment: Experiment, actor: Actor, now: int
) -> None:
    delete_experiment(experiment, actor=actor, now=now)
    with pytest.raises(InvalidState):
        make()


def test_a_run_created_with_a_final_status_has_ended(make: Any, now: int) -> None:
    run = make(status=RunStatus.COMPLETED, started=now - 5)
    assert (run.started, run.ended) == (now - 5, now)


def test_a_child_has_its_parent_and_root(make: Any) -> None:
    a, b, c = make("a"), make("b", "a"), make("c", "b")
    assert tree(a, b, c) == {"a": (None, None), "b": ("a", "a"), "c": ("b", "a")}


def test_a_parent_may_arrive_after_its_children(make: Any) -> None:
    c, d, b = make("c", "b"), make("d", "c"), make("b", "a")
    assert tree(c, d) == {"c": ("b", "b"), "d": ("c", "b")}
    a = make("a")
    assert tree(a, b, c, d) == {
        "a": (None, None),
        "b": ("a", "a"),
        "c": ("b", "a"),
        "d": ("c", "a"),
    }


@pytest.mark.parametrize("chain", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_create_run_refuses_circles(make: Any, chain: list[str]) -> None:
    """Each names the one before as parent; the first names the last, yet unknown."""
    for run_id, parent in zip(chain[:-1], [chain[-1], *chain], strict=False):
        make(run_id, parent)
    with pytest.raises(InvalidValue, match="circle"):
        make(chain[-1], chain[-2] if len(chain) > 1 else "a")


def test_set_run_parent_refuses_circles(make: Any, actor: Actor, now: int) -> None:
    a, _, c = make("a"), make("b", "a"), make("c", "b")
    with pytest.raises(InvalidValue, match="circle"):
        set_run_parent(a, c.run_id, actor=actor, now=now)
    with pytest.raises(InvalidValue, match="circle"):
        set_run_parent(a, "a", actor=actor, now=now)
    assert tree(a) == {"a": (None, None)}


def test_set_run_parent_moves_the_whole_subtree(
    make: Any, actor: Actor, now: int
) -> None:
    top, a, b = make("top"), make("a"), make("b", "a")
    set_run_parent(a, "top", actor=actor, now=now)
    assert tree(top, a, b) == {
        "top": (None, None),
        "a": ("top", "top"),
        "b": ("a", "top"),
    }
    change = Change.objects.get(run=a)
    assert (change.field, change.before, change.after) == ("parent", None, "top")


def test_a_parent_is_set_once(make: Any, actor: Actor, now: int) -> None:
    make("a"), make("b")
    run = make("c", "a")
    set_run_parent(run, "a", actor=actor, now=now)
    with pytest.raises(Immutable):
        set_run_parent(run, "b", actor=actor, now=now)
    assert tree(run) == {"c": ("a", "a")}


def test_a_parent_of_another_workspace_is_unknown(
    make: Any, actor: Actor, now: int
) -> None:
    make("a")
    other = Workspace.objects.create(name="other")
    experiment = create_experiment(other, "digits", actor=actor, now=now)
    run = create_run(experiment, parent_run_id="a", actor=actor, now=now)
    assert run.parent is None


def test_a_bad_parent_id_is_refused(run: Run, actor: Actor, now: int) -> None:
    with pytest.raises(InvalidName):
        set_run_parent(run, "../x", actor=actor, now=now)


def test_a_run_is_trashed_and_restored(run: Run, actor: Actor, now: int) -> None:
    for _ in range(2):
        trash_run(run, actor=actor, now=now + 1)
    assert Run.objects.get(pk=run.pk).deleted == now + 1
    for _ in range(2):
        restore_run(run, actor=actor, now=now + 2)
    assert Run.objects.get(pk=run.pk).deleted is None
    changes = Change.objects.filter(run=run).order_by("id")
    assert [(c.field, c.before, c.after) for c in changes] == [
        ("deleted", False, True),
        ("deleted", True, False),
    ]
