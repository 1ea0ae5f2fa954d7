"""Two who change the tree of runs at once, and trees that are broken already."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run.lifecycle import iterate_descendants
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run, set_run_parent, trash_run
from runs.models import Experiment, Run, Workspace, now_ms
from runs.search.run.details import count_descendants
from studio.core.errors import InvalidValue

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def experiments(committed: None) -> list[Experiment]:
    workspace = Workspace.objects.create(name="default")
    return [
        create_experiment(workspace, name, actor=Actor(), now=now_ms())
        for name in ("first", "second")
    ]


def new_run(experiment: Experiment, run_id: str, parent: str = "") -> Run:
    return create_run(
        experiment, run_id=run_id, parent_run_id=parent, actor=Actor(), now=now_ms()
    )


def overlapping(first: Callable[[], object], second: Callable[[], object]) -> None:
    """`second` begins when `first` is done, but not committed yet."""
    done, begun = threading.Event(), threading.Event()

    def work(act: Callable[[], object], before: threading.Event | None) -> None:
        try:
            with transaction.atomic():
                act()
                done.set()
                if before is not None:
                    before.wait(5)
        finally:
            done.set()
            connection.close()

    def follow() -> None:
        done.wait(5)
        # A moment, so that what does not wait for `first` gets to its end.
        threading.Timer(0.5, begun.set).start()
        work(second, None)

    with ThreadPoolExecutor(2) as pool:
        for result in [pool.submit(work, first, begun), pool.submit(follow)]:
            result.result()


def hang(run_id: str, parent: str) -> Callable[[], Run]:
    def act() -> Run:
        run = Run.objects.get(run_id=run_id)
        return set_run_parent(run, parent, actor=Actor(), now=now_ms())

    return act


def test_two_runs_cannot_become_each_other_s_parent(
    experiments: list[Experiment],
) -> None:
    for name in ("a", "b"):
        new_run(experiments[0], name)
    with pytest.raises(InvalidValue, match="circle"):
        overlapping(hang("a", "b"), hang("b", "a"))
    assert list(Run.objects.exclude(parent=None).values_list("run_id", "parent_run_id"))
    assert Run.objects.get(run_id="b").parent is None


@pytest.mark.parametrize("child_first", [True, False])
def test_a_child_and_its_parent_created_concurrently_are_linked(
    experiments: list[Experiment], child_first: bool
) -> None:
    acts = [
        lambda: new_run(experiments[0], "child", "parent"),
        lambda: new_run(experiments[1], "parent"),
    ]
    overlapping(*(acts if child_first else reversed(acts)))
    child, parent = (Run.objects.get(run_id=name) for name in ("child", "parent"))
    assert (child.parent, child.root) == (parent, parent)


def test_a_child_created_while_its_parent_is_purged_is_kept(
    experiments: list[Experiment],
) -> None:
    parent = new_run(experiments[0], "parent")
    trash_run(parent, actor=Actor(), now=now_ms())
    overlapping(
        lambda: purge_run(parent, actor=Actor(), now=now_ms()),
        lambda: new_run(experiments[1], "child", "parent"),
    )
    assert Run.objects.get().run_id == "child"
    assert Run.objects.get().parent is None


def test_runs_without_parents_do_not_wait_for_each_other(
    experiments: list[Experiment],
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    first, second = experiments
    with transaction.atomic():
        new_run(first, "a")
        with ThreadPoolExecutor(1) as pool:

            def other() -> Run:
                try:
                    return new_run(second, "b")
                finally:
                    connection.close()

            assert pool.submit(other).result(3).run_id == "b"


def test_existing_circles_are_visited_once(experiments: list[Experiment]) -> None:
    a, b = new_run(experiments[0], "a"), new_run(experiments[0], "b")
    Run.objects.filter(pk=a.pk).update(parent=b)
    Run.objects.filter(pk=b.pk).update(parent=a)
    assert list(iterate_descendants(a)) == [b]
    assert count_descendants(a).total == 1
