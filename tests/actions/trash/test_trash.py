"""What lies in the trash is listed, restored and purged as it was deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.bulk import FlagChange, LockChange, apply_bulk_change
from runs.actions.experiments.experiments import create_experiment, delete_experiment
from runs.actions.files.files import current_files, delete_files, save_file
from runs.actions.run.runs import create_run, trash_run
from runs.actions.trash import TrashResult, purge_trash, restore_trash
from runs.actions.trash.trash import LARGE_PURGE
from runs.actions.views.views import ViewState, create_view, delete_view
from runs.models import (
    ChangeSet,
    Experiment,
    File,
    Role,
    Run,
    TaskState,
    User,
    View,
    Workspace,
)
from runs.search.trash import TrashItem, TrashKind, find_trash, list_trash
from studio.core.errors import InvalidValue
from studio.core.view_spec import ViewSpec
from tests.actions.background_tasks.working import do_background_tasks

pytestmark = pytest.mark.usefixtures("files_dir")

NewRun = Callable[..., Run]


@pytest.fixture
def new_run(experiment: Experiment, actor: Actor, now: int) -> NewRun:
    def new_run(name: str, place: Experiment = experiment) -> Run:
        return create_run(place, name=name, actor=actor, now=now)

    return new_run


def items_of(workspace: Workspace, user: User, **more: object) -> list[TrashItem]:
    found = list_trash(workspace, user, only_own=False, **more)  # type: ignore[arg-type]
    return list(found.items)


def purge(workspace: Workspace, owner: User, keys: list[str], now: int) -> TrashResult:
    chosen = find_trash(workspace, owner, keys)
    return purge_trash(workspace, chosen, actor=Actor(owner), role=Role.OWNER, now=now)


def restore(
    workspace: Workspace, owner: User, keys: list[str], now: int
) -> TrashResult:
    chosen = find_trash(workspace, owner, keys)
    return restore_trash(
        workspace, chosen, actor=Actor(owner), role=Role.OWNER, now=now
    )


def delete(workspace: Workspace, runs: list[Run], actor: Actor, now: int) -> None:
    change = FlagChange("deleted", True, now)
    apply_bulk_change(workspace, [r.pk for r in runs], change, actor=actor, now=now)


@pytest.fixture
def full(
    workspace: Workspace,
    experiment: Experiment,
    owner: User,
    ben: User,
    actor: Actor,
    now: int,
    new_run: NewRun,
) -> dict[str, str]:
    """Delete something of each kind; return the keys by kind, newest last."""
    kept = new_run("kept")
    save_file(kept, "a/old.pt", [b"x" * 50], actor=actor, now=now, limit=100)
    runs = [new_run(f"r{n}") for n in range(3)]
    save_file(runs[0], "w.pt", [b"x" * 20], actor=actor, now=now, limit=100)
    delete(workspace, runs, Actor(ben), now + 1)
    place = create_experiment(workspace, "debug", actor=actor, now=now)
    new_run("inside", place)
    delete_experiment(place, actor=actor, now=now + 2)
    state = ViewState(ViewSpec())
    view = create_view(workspace, "old baselines", state, actor=actor, now=now)
    delete_view(view, actor=actor, now=now + 3)
    delete_files(kept, ["a/old.pt"], actor=actor, now=now + 4)
    return {each.kind.value: each.key for each in items_of(workspace, owner)}


def test_each_kind_is_an_item(
    full: dict[str, str], workspace: Workspace, owner: User, ben: User, now: int
) -> None:
    files, view, place, runs = items_of(workspace, owner)
    assert [each.deleted - now for each in (files, view, place, runs)] == [4, 3, 2, 1]
    assert (files.name, files.place, files.size) == ("a/old.pt", "kept", 50)
    assert (view.kind, view.name) == (TrashKind.VIEW, "old baselines")
    assert (place.name, place.count) == ("debug", 1)
    assert (runs.name, runs.count, runs.place, runs.size) == ("", 3, "digits", 20)
    assert (runs.by, place.by) == (ben, owner)
    mine = list_trash(workspace, ben, only_own=True)
    assert [each.kind for each in mine.items] == [TrashKind.RUNS]
    # The private view of another member is not shown.
    seen = [each.kind for each in items_of(workspace, ben)]
    assert TrashKind.VIEW not in seen
    for words, kinds in (("R1", {"runs"}), ("old", {"view", "files"}), ("zzz", set())):
        found = {each.kind.value for each in items_of(workspace, owner, words=words)}
        assert found == kinds
    first = list_trash(workspace, owner, only_own=False, limit=2)
    assert first.items == [files, view]
    rest = list_trash(workspace, owner, only_own=False, before=first.before)
    assert (rest.items, rest.before) == ([place, runs], None)


def test_the_steps_of_one_change_are_one_item(
    workspace: Workspace,
    owner: User,
    actor: Actor,
    now: int,
    new_run: NewRun,
) -> None:
    runs = [new_run(f"r{n}") for n in range(4)]
    delete(workspace, runs, actor, now)
    # As the worker does it: each step has its time.
    for n, run in enumerate(runs):
        Run.objects.filter(pk=run.pk).update(deleted=now + n // 2)
    [item] = items_of(workspace, owner)
    assert (item.count, item.key) == (4, f"runs.{now}.{now + 1}")
    trash_run(new_run("alone"), actor=actor, now=now + 2)
    assert [each.count for each in items_of(workspace, owner)] == [1, 4]


def test_a_restore_brings_each_back(
    full: dict[str, str], workspace: Workspace, owner: User, now: int
) -> None:
    result = restore(workspace, owner, list(full.values()), now + 9)
    counts = (result.runs, result.experiments, result.views, result.files)
    assert counts == (3, 1, 1, 1)
    assert items_of(workspace, owner) == []
    assert Run.objects.not_deleted().count() == 5
    kept = Run.objects.get(name="kept")
    assert [each.path for each in current_files(kept)] == ["a/old.pt"]


def test_a_purge_deletes_forever_and_says_who(
    full: dict[str, str],
    workspace: Workspace,
    owner: User,
    now: int,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        result = purge(workspace, owner, list(full.values()), now + 9)
    counts = (result.runs, result.experiments, result.views, result.files)
    assert counts == (4, 0, 1, 1)
    assert [each.name for each in Run.objects.all()] == ["kept"]
    assert not View.objects.exists()
    assert not File.objects.exists()
    assert not Experiment.objects.filter(name="debug").exists()
    recorded = ChangeSet.objects.filter(action__startswith="purge", actor=owner)
    assert {each.action for each in recorded} == {"purge run", "purge files"}
    [runs] = recorded.filter(action="purge run")
    assert sorted(str(each.before) for each in runs.changes.all()) == [
        "inside",
        "r0",
        "r1",
        "r2",
    ]
    assert purge(workspace, owner, list(full.values()), now + 9) == TrashResult()


def test_an_empty_experiment_goes_at_once(
    workspace: Workspace, owner: User, actor: Actor, now: int
) -> None:
    place = create_experiment(workspace, "empty", actor=actor, now=now)
    delete_experiment(place, actor=actor, now=now)
    result = purge(workspace, owner, [f"experiment.{place.pk}"], now + 1)
    assert result.experiments == 1
    assert ChangeSet.objects.filter(action="purge experiment").exists()


def test_locked_and_restored_runs_are_kept(
    workspace: Workspace,
    owner: User,
    actor: Actor,
    now: int,
    new_run: NewRun,
) -> None:
    locked, gone = new_run("locked"), new_run("gone")
    place = create_experiment(workspace, "p", actor=actor, now=now)
    inside = new_run("inside", place)
    delete(workspace, [locked, gone], actor, now)
    change = LockChange(on=True, actor=actor, is_owner=True, now=now)
    Run.objects.filter(pk=locked.pk).update(deleted=None)
    apply_bulk_change(workspace, [locked.pk], change, actor=actor, now=now)
    Run.objects.filter(pk=locked.pk).update(deleted=now)
    chosen = find_trash(workspace, owner, [f"runs.{now}.{now}"])
    Run.objects.filter(pk=gone.pk).update(deleted=None)
    result = purge_trash(workspace, chosen, actor=actor, role=Role.OWNER, now=now)
    assert {skip.value: n for skip, n in result.skipped.items()} == {
        "locked": 1,
        "restored": 1,
    }
    assert Run.objects.count() == 3
    assert inside.pk


def test_many_runs_are_purged_in_the_background(
    workspace: Workspace,
    owner: User,
    actor: Actor,
    now: int,
    new_run: NewRun,
) -> None:
    place = create_experiment(workspace, "many", actor=actor, now=now)
    for n in range(LARGE_PURGE + 5):
        new_run(f"m{n}", place)
    delete_experiment(place, actor=actor, now=now)
    result = purge(workspace, owner, [f"experiment.{place.pk}"], now + 1)
    assert result.task is not None
    assert Run.objects.filter(experiment=place).count() == LARGE_PURGE + 5
    do_background_tasks(now)
    result.task.refresh_from_db()
    assert (result.task.state, result.task.changed) == (TaskState.DONE, LARGE_PURGE + 5)
    assert not Run.objects.filter(experiment=place).exists()


def test_wrong_keys_are_refused(workspace: Workspace, owner: User) -> None:
    for key in ("", "runs", "runs.1", "runs.a.b", "view.-1", "x.1", "files.9" * 9):
        with pytest.raises(InvalidValue, match="names nothing in the trash"):
            find_trash(workspace, owner, [key])


def test_the_number_of_queries_stays(
    workspace: Workspace,
    owner: User,
    actor: Actor,
    now: int,
    new_run: NewRun,
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            items_of(workspace, owner)
        return len(found)

    for n in range(3):
        trash_run(new_run(f"a{n}"), actor=actor, now=now + n)
    few = queries()
    for n in range(20):
        trash_run(new_run(f"b{n}"), actor=actor, now=now + 10 + n)
    assert queries() == few
