"""Exports, purges and the log index are rows of background tasks, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runs.actions import task_rows
from runs.actions.actor import Actor
from runs.actions.background_tasks import start_bulk_change, stop_task
from runs.actions.bulk import FlagChange
from runs.actions.experiments import create_experiment
from runs.actions.expiry import purge_old_trash
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.log_index import LogIndexer, indexing, switch_log_index
from runs.actions.run import create_run, purge, trash_run
from runs.actions.run_list import (
    HistoryExporter,
    delete_old_exports,
    history_exports,
    queue_history_export,
)
from runs.actions.task_rows import server_work
from runs.models import (
    BackgroundTask,
    ChangeSet,
    Experiment,
    ExportState,
    HistoryExport,
    Role,
    Run,
    TaskKind,
    TaskState,
    Workspace,
)
from tests.parts.records import NOON
from tests.search.library import Library, empty_library
from tests.search.log_index.logs import write_log

pytestmark = pytest.mark.django_db
DAY = 86_400_000


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show work in rows from its first step, and write the progress of each."""
    monkeypatch.setattr(server_work, "SHOWN_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(server_work, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(history_exports, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(history_exports, "PROGRESS_SECONDS", 0.0)


@pytest.fixture
def trash(experiment: Experiment, actor: Actor) -> list[Run]:
    runs = [create_run(experiment, actor=actor, now=NOON) for _ in range(3)]
    for run in runs:
        trash_run(run, actor=actor, now=NOON)
    return runs


def counts() -> list[tuple[str, int, int, int]]:
    rows = BackgroundTask.objects.order_by("pk")
    return list(rows.values_list("state", "position", "total", "changed"))


def empty_trash() -> int:
    return purge_old_trash(NOON + 31 * DAY)


def test_a_purge_of_a_moment_has_no_row(
    trash: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_work, "SHOWN_AFTER_SECONDS", 600.0)
    assert empty_trash() == 3
    assert counts() == []


def test_a_long_purge_has_one_row_in_each_workspace(
    trash: list[Run], actor: Actor, at_once: None
) -> None:
    far = create_experiment(
        Workspace.objects.create(name="far"), "far", actor=actor, now=NOON
    )
    trash_run(create_run(far, actor=actor, now=NOON), actor=actor, now=NOON)
    Run.objects.filter(pk=trash[0].pk).update(locked=True)
    assert empty_trash() == 3
    assert counts() == [("done", 2, 2, 2), ("done", 1, 1, 1)]
    task = BackgroundTask.objects.earliest("pk")
    assert (task.kind, task.user, task.workspace) == (
        TaskKind.PURGE,
        None,
        trash[0].workspace,
    )
    assert empty_trash() == 0
    assert BackgroundTask.objects.count() == 2


def test_a_purge_that_a_killed_worker_left_is_continued(
    trash: list[Run], at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def die_without_runs(_roots: object) -> None:
        if not Run.objects.exists():
            raise KilledError

    with monkeypatch.context() as patch:
        # In the third run: two are purged.
        patch.setattr(purge, "rebuild_root_metrics", die_without_runs)
        with pytest.raises(KilledError):
            empty_trash()
    assert counts() == [("running", 2, 3, 2)]
    assert empty_trash() == 1
    assert counts() == [("done", 3, 3, 3)]


@pytest.fixture
def logged(run: Run, files_dir: Path, actor: Actor) -> None:
    for name in ("loss", "acc", "lr"):
        points = [Point(name, n / 7, NOON + n, n) for n in range(3)]
        log_metrics(run, points, actor=actor, now=NOON)


def export(workspace: Workspace, actor: Actor) -> tuple[HistoryExport, BackgroundTask]:
    found = queue_history_export(workspace, "", "", actor=actor, now=NOON)
    return found, BackgroundTask.objects.get(request={"export": found.pk})


def test_an_export_is_a_task_of_its_member(
    logged: None, workspace: Workspace, actor: Actor, at_once: None
) -> None:
    one, task = export(workspace, actor)
    assert (task.kind, task.user, task.state) == ("export", actor.user, "waiting")
    work = HistoryExporter()
    assert work(NOON) == 0
    assert counts() == [("running", 0, 1, 0)]
    # Another worker starts it again, as after a restart.
    again = HistoryExporter()
    while not again(NOON):
        pass
    one.refresh_from_db()
    task.refresh_from_db()
    assert counts() == [("done", 1, 1, 1)]
    assert task.result == {"export": one.pk, "points": 9, "size": one.size}


@pytest.mark.parametrize("is_running", [False, True])
def test_a_stopped_export_leaves_no_file(
    logged: None,
    workspace: Workspace,
    actor: Actor,
    at_once: None,
    files_dir: Path,
    is_running: bool,
) -> None:
    one, task = export(workspace, actor)
    work = HistoryExporter()
    if is_running:
        work(NOON)
    assert stop_task(task, now=NOON)
    for _ in range(9):
        work(NOON)
    one.refresh_from_db()
    task.refresh_from_db()
    assert (one.state, task.state) == (ExportState.STOPPED, TaskState.STOPPED)
    assert not list((files_dir / "exports").glob("*"))


def test_a_failed_and_an_expired_export_end_their_tasks(
    workspace: Workspace, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_writing: object) -> None:
        raise OSError("The disk is full.")

    one, task = export(workspace, actor)
    with monkeypatch.context() as patch:
        patch.setattr(history_exports, "_read_matching_series", fail)
        assert HistoryExporter()(NOON) == 1
    one.refresh_from_db()
    task.refresh_from_db()
    assert (one.state, task.error) == (ExportState.FAILED, "The disk is full.")
    _two, late = export(workspace, actor)
    delete_old_exports(NOON + 2 * DAY)
    late.refresh_from_db()
    assert late.state == TaskState.FAILED


def test_an_export_of_an_older_version_gets_a_task(
    logged: None, workspace: Workspace, actor: Actor
) -> None:
    export(workspace, actor)
    BackgroundTask.objects.all().delete()
    assert HistoryExporter()(NOON) == 1
    assert counts() == [("done", 1, 1, 1)]


@pytest.fixture
def shelf(db: None, files_dir: Path) -> Library:
    return empty_library("shelf", "ann", "ben")


def test_the_log_index_is_shown_while_it_is_behind(
    shelf: Library, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MAX_LOGS", 1)
    runs = [write_log(shelf, name, f"epoch {name}\n" * 9) for name in "abcd"]
    size = len("epoch a\n" * 9)
    one_log = LogIndexer(seconds=-1.0)
    one_log(NOON)
    assert counts() == [("running", size, 4 * size, size)]
    # After a restart the same row goes on.
    other = LogIndexer(seconds=-1.0)
    other(NOON)
    assert counts() == [("running", 2 * size, 4 * size, 2 * size)]
    LogIndexer(seconds=60.0)(NOON)
    LogIndexer(seconds=60.0)(NOON)
    [(state, position, total, _changed)] = counts()
    assert (state, position) == ("done", total)
    assert len(runs) == 4


def test_an_index_that_keeps_up_has_no_row(shelf: Library, at_once: None) -> None:
    write_log(shelf, "a", "epoch 1\n")
    LogIndexer(seconds=60.0)(NOON)
    assert counts() == []


def test_switching_the_index_off_ends_its_task(shelf: Library, at_once: None) -> None:
    for name in "abc":
        write_log(shelf, name, "epoch 1\n")
    indexer = LogIndexer(seconds=-1.0)
    indexer(NOON)
    actor = Actor(shelf.ada)
    switch_log_index(shelf.workspace, is_on=False, actor=actor, now=NOON)
    assert [state for state, *_ in counts()] == ["stopped"]
    switch_log_index(shelf.workspace, is_on=True, actor=actor, now=NOON)
    # The first pass notices that its row has ended, the second begins another.
    indexer(NOON)
    indexer(NOON)
    assert [state for state, *_ in counts()] == ["stopped", "running"]


def test_ended_tasks_are_deleted_after_their_time_without_their_change_sets(
    run: Run, actor: Actor, settings: Any
) -> None:
    settings.TASK_DAYS = 2

    def start() -> BackgroundTask:
        change = FlagChange("archived", True, NOON)
        more = {"actor": actor, "role": Role.CONTRIBUTOR, "now": NOON}
        return start_bulk_change(run.workspace, [run.pk], change, **more)  # type: ignore[arg-type]

    old, young, still_open = start(), start(), start()
    done = ChangeSet.objects.create(
        workspace=run.workspace, time=NOON, action="archive run"
    )
    BackgroundTask.objects.filter(pk=old.pk).update(
        state=TaskState.DONE, ended=NOON, change_set=done
    )
    BackgroundTask.objects.filter(pk=young.pk).update(
        state=TaskState.FAILED, ended=NOON + 1
    )
    assert task_rows.delete_old_tasks(NOON + 2 * DAY) == 0
    assert task_rows.delete_old_tasks(NOON + 2 * DAY + 1) == 1
    assert set(BackgroundTask.objects.all()) == {young, still_open}
    assert ChangeSet.objects.filter(pk=done.pk).exists()
