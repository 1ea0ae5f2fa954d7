"""Changes of many runs in the background: whole, in order, stopped, undone as one."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.background_tasks import (
    BackgroundTasks,
    load_change,
    start_bulk_change,
    start_undo,
    starting,
    stop_task,
    store_change,
    worker,
)
from runs.actions.background_tasks.steps import run_step
from runs.actions.background_tasks.stored_changes import STORED_CHANGES
from runs.actions.bulk import (
    BulkChange,
    CancelChange,
    FlagChange,
    LockChange,
    MarkChange,
    MoveChange,
    NameChange,
    StarChange,
    TagChange,
    bulk_changes,
    kinds,
    moves,
    read_pattern,
)
from runs.actions.experiments import create_experiment
from runs.actions.run import (
    create_run,
    purge_run,
    rename_run,
    set_run_tags,
    trash_run,
)
from runs.actions.undo import undo_change_set
from runs.models import (
    BackgroundTask,
    BackgroundTaskStep,
    Change,
    ChangeSet,
    Experiment,
    Member,
    Role,
    Run,
    RunStar,
    RunTag,
    TaskState,
    User,
    Workspace,
)
from runs.search.background_tasks import find_task, list_tasks
from studio.core.errors import InvalidState, NotFound, NotSupported
from studio.core.statuses import RunStatus
from tests.parts.records import NOON

pytestmark = pytest.mark.django_db
TAG = TagChange({"stage": "final"})


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "VALUES_PER_STEP", 2)
    monkeypatch.setattr(bulk_changes, "RUNS_PER_TRANSACTION", 2)
    monkeypatch.setattr(kinds, "RUNS_PER_TRANSACTION", 2)
    monkeypatch.setattr(moves, "RUNS_PER_TRANSACTION", 2)


@pytest.fixture
def runs(experiment: Experiment, actor: Actor) -> list[Run]:
    return [
        create_run(
            experiment, actor=actor, now=NOON, name=f"r{n}", params={"lr": f"{n}"}
        )
        for n in range(5)
    ]


def start(runs: list[Run], change: BulkChange, actor: Actor) -> BackgroundTask:
    return start_bulk_change(
        runs[0].workspace,
        [run.pk for run in runs],
        change,
        actor=actor,
        role=Role.CONTRIBUTOR,
        now=NOON,
    )


def undo(task: BackgroundTask, actor: Actor, *, anyway: bool = False) -> BackgroundTask:
    task.refresh_from_db()
    assert task.change_set is not None
    return start_undo(
        task.change_set, actor=actor, role=Role.CONTRIBUTOR, now=NOON, anyway=anyway
    )


def work() -> None:
    BackgroundTasks(pause=lambda _seconds: None)(NOON)


def ended(task: BackgroundTask) -> BackgroundTask:
    work()
    task.refresh_from_db()
    return task


def state() -> list[object]:
    """What bulk changes can change, of all runs."""
    return [
        (
            run.name,
            run.status,
            (run.experiment_id, run.number, run.locked),
            run.archived is not None,
            run.deleted is not None,
            sorted(RunTag.objects.filter(run=run).values_list("key__name", "value")),
            RunStar.objects.filter(run=run).exists(),
        )
        for run in Run.objects.order_by("pk")
    ]


def change_of_kind(kind: str, actor: Actor, workspace: Workspace) -> BulkChange:
    assert actor.user is not None
    changes: dict[str, BulkChange] = {
        "tags": TagChange({"stage": "final", "paper": None}, ["flaky"]),
        "name": NameChange(read_pattern("{name} {params.lr}", "r", "run ")),
        "flag": FlagChange("deleted", True, NOON),
        "star": StarChange(actor.user, True),
        "move": MoveChange(create_experiment(workspace, "far", actor=actor, now=NOON)),
        "lock": LockChange(True, actor, True, NOON),
        "cancel": CancelChange(actor, NOON),
        "mark": MarkChange(RunStatus.FAILED, actor, NOON, "why"),
    }
    return changes[kind]


# A purge needs runs in the trash, and leaves none: see `tests.actions.trash`. Retention
# is for runs that have ended: see `tests.actions.retention`.
@pytest.mark.parametrize("kind", sorted(STORED_CHANGES.keys() - {"purge", "retention"}))
def test_every_kind_of_change_works_in_the_background(
    runs: list[Run], actor: Actor, workspace: Workspace, kind: str
) -> None:
    change = change_of_kind(kind, actor, workspace)
    assert load_change(store_change(change), actor, now=NOON, is_owner=True) == change
    before = state()
    task = ended(start(runs, change, actor))
    assert (task.state, task.changed, task.position) == (TaskState.DONE, 5, 5)
    assert all(one != other for one, other in zip(before, state(), strict=True))
    assert not BackgroundTaskStep.objects.exists()


def test_a_moved_tree_gets_its_numbers_back(
    runs: list[Run], experiment: Experiment, actor: Actor, workspace: Workspace
) -> None:
    root = create_run(experiment, actor=actor, now=NOON)
    for _ in range(4):
        create_run(experiment, actor=actor, now=NOON, parent_run_id=root.run_id)
    before = state()
    change = change_of_kind("move", actor, workspace)
    task = ended(start([*runs, root], change, actor))
    assert (task.changed, task.total) == (10, 10)
    assert ended(undo(task, actor)).changed == 10
    assert state() == before


@pytest.mark.parametrize("kind", ["tags", "lock"])
def test_a_change_of_many_steps_is_undone_and_redone_as_one(
    runs: list[Run], actor: Actor, workspace: Workspace, kind: str
) -> None:
    change = TAG if kind == "tags" else change_of_kind(kind, actor, workspace)
    before = state()
    task = ended(start(runs, change, actor))
    after = state()
    [change_set] = ChangeSet.objects.filter(action=change.action)
    assert (task.change_set, change_set.changes.count()) == (change_set, 5)
    back = ended(undo(task, actor))
    assert (state(), back.changed, back.action) == (before, 5, "undo")
    again = ended(undo(back, actor))
    assert (state(), again.action) == (after, "redo")


def test_an_undo_in_the_background_leaves_locks_of_other_members(
    runs: list[Run], actor: Actor, workspace: Workspace
) -> None:
    Member.objects.filter(user=actor.user).update(role=Role.CONTRIBUTOR)
    task = ended(start(runs, change_of_kind("lock", actor, workspace), actor))
    Run.objects.filter(pk=runs[0].pk).update(locked_by=None)
    back = ended(undo(task, actor))
    assert (back.changed, back.skipped) == (4, {"locked_by_others": 1})


def test_what_a_stopped_task_has_done_is_undone_as_one(
    runs: list[Run], actor: Actor
) -> None:
    before = state()
    task = start(runs, TAG, actor)
    assert run_step(task.pk, NOON)
    assert stop_task(task, now=NOON)
    assert not run_step(task.pk, NOON)
    task = ended(task)
    assert (task.state, task.changed) == (TaskState.STOPPED, 2)
    assert not stop_task(task, now=NOON)
    ended(undo(task, actor))
    assert state() == before


def test_a_step_that_fails_leaves_nothing_behind_and_is_repeated(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = start(runs, TAG, actor)
    run_step(task.pk, NOON)
    middle = state()

    def die(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # After the runs were written, before the progress is.
        patch.setattr(BackgroundTask, "save", die)
        with pytest.raises(KeyboardInterrupt):
            run_step(task.pk, NOON)
    assert state() == middle
    assert ended(task).changed == 5
    assert Change.objects.filter(change_set=task.change_set).count() == 5


@pytest.mark.parametrize(
    ("loses", "why"),
    [
        ({"role": Role.READER}, "ada no longer has the role contributor."),
        (None, "ada is no longer a member."),
    ],
)
def test_a_member_who_lost_the_role_changes_nothing_more(
    runs: list[Run], actor: Actor, loses: dict[str, int] | None, why: str
) -> None:
    task = start(runs, TAG, actor)
    run_step(task.pk, NOON)
    rows = Member.objects.filter(user=actor.user)
    _ = rows.delete() if loses is None else rows.update(**loses)
    task = ended(task)
    assert (task.state, task.changed, task.error) == (TaskState.STOPPED, 2, why)


def test_runs_are_those_of_the_start(
    runs: list[Run], experiment: Experiment, actor: Actor
) -> None:
    task = start(runs, TAG, actor)
    create_run(experiment, actor=actor, now=NOON)
    trash_run(runs[3], actor=actor, now=NOON)
    purge_run(runs[3], actor=actor, now=NOON)
    task = ended(task)
    assert (task.state, task.changed, task.total) == (TaskState.DONE, 4, 5)


def test_an_undo_leaves_later_changes_until_it_may_overwrite_them(
    runs: list[Run], actor: Actor
) -> None:
    before = state()
    task = ended(start(runs, TAG, actor))
    set_run_tags(runs[1], {"stage": "mine"}, actor=actor, now=NOON)
    back = ended(undo(task, actor))
    assert (back.changed, back.skipped) == (4, {"changed": 1})
    [later] = back.result["later"]
    assert (later["run"], later["now"]) == (runs[1].run_id, {"value": "mine"})
    forced = ended(undo(task, actor, anyway=True))
    assert (forced.changed, forced.skipped) == (1, {"same": 4})
    assert state() == before


def test_runs_that_were_locked_are_not_deleted_again(
    runs: list[Run], actor: Actor
) -> None:
    back = ended(
        undo(ended(start(runs, FlagChange("deleted", True, NOON), actor)), actor)
    )
    Run.objects.filter(pk=runs[0].pk).update(locked=True)
    again = ended(undo(back, actor))
    assert (again.changed, again.skipped) == (4, {"locked": 1})


def test_changes_without_an_undo_are_refused_at_the_start(
    runs: list[Run], actor: Actor
) -> None:
    assert actor.user is not None
    stars = ended(start(runs, StarChange(actor.user, True), actor))
    with pytest.raises(NotSupported):
        undo(stars, Actor())


def test_two_tasks_over_the_same_runs_keep_their_order(
    runs: list[Run], actor: Actor, workspace: Workspace
) -> None:
    first = start(runs, TagChange({"stage": "one"}), actor)
    second = start(runs, TagChange({"stage": "two"}), actor)
    work()
    assert set(RunTag.objects.values_list("value", flat=True)) == {"two"}
    one, two = ended(first), ended(second)
    assert one.change_set is not None
    assert two.change_set is not None
    assert one.change_set.pk < two.change_set.pk


def test_another_workspace_does_not_wait_for_the_first(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TURN_SECONDS", 0)
    monkeypatch.setattr(worker, "SLICE_SECONDS", 0)
    other = Workspace.objects.create(name="other")
    assert actor.user is not None
    Member.objects.create(workspace=other, user=actor.user, role=Role.OWNER)
    place = create_experiment(other, "far", actor=actor, now=NOON)
    far = [create_run(place, actor=actor, now=NOON)]
    long, short = start(runs, TAG, actor), start(far, TAG, actor)
    work()
    long.refresh_from_db()
    short.refresh_from_db()
    assert (long.position, short.state) == (2, TaskState.DONE)


def test_a_repeated_request_starts_one_task(runs: list[Run], actor: Actor) -> None:
    def request() -> BackgroundTask:
        return start_bulk_change(
            runs[0].workspace,
            [run.pk for run in runs],
            TAG,
            actor=actor,
            role=Role.CONTRIBUTOR,
            now=NOON,
            request_id="once",
        )

    assert request() == request() == ended(request())
    back = undo(request(), actor)
    assert undo(request(), actor) == back


def test_too_many_open_tasks_are_refused(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "MAX_OPEN_TASKS", 1)
    start(runs, TAG, actor)
    with pytest.raises(InvalidState):
        start(runs, TAG, actor)


def test_an_invalid_change_fails_and_says_why(runs: list[Run], actor: Actor) -> None:
    task = start(runs, TAG, actor)
    BackgroundTask.objects.update(request={"kind": "nosuch"})
    rename_run(runs[0], "still here", actor=actor, now=NOON)
    task = ended(task)
    assert task.state == TaskState.FAILED
    assert task.error


def test_a_task_that_ends_the_worker_again_and_again_is_given_up(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_key: int, _now: int) -> bool:
        raise MemoryError

    task = start(runs, TAG, actor)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "run_step", crash)
        for _ in range(worker.MAX_ATTEMPTS):
            with pytest.raises(MemoryError):
                work()
    task = ended(task)
    assert (task.state, task.changed) == (TaskState.FAILED, 0)


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_a_full_disk_pauses_the_task(runs: list[Run], actor: Actor) -> None:
    task = start(runs, TagChange({"stage": "x" * 60_000}), actor)
    tasks = BackgroundTasks(pause=lambda _seconds: None)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        [pages] = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        tasks(NOON)
        cursor.execute("PRAGMA max_page_count = 1073741823")
    task.refresh_from_db()
    assert (task.is_open, RunTag.objects.count()) == (True, 0)
    # It waits before it tries again; a new worker does so at once.
    assert tasks(NOON) == 0
    assert ended(task).changed == 5


def test_a_change_that_still_goes_on_is_not_undone(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest would be changed after the undo, and count as undone."""
    task = start(runs, TAG, actor)
    assert run_step(task.pk, NOON)
    task.refresh_from_db()
    assert task.change_set is not None
    with pytest.raises(InvalidState, match="still going on"):
        undo_change_set(task.change_set, actor=actor, now=NOON)
    with pytest.raises(InvalidState, match="still going on"):
        undo(task, actor)
    assert ended(task).state == TaskState.DONE
    assert ended(undo(task, actor)).changed == 5


def test_a_task_changes_with_the_time_of_its_step(
    runs: list[Run], actor: Actor
) -> None:
    """A run can have started since the request."""
    task = start(runs, MarkChange(RunStatus.FAILED, actor, NOON), actor)
    while run_step(task.pk, NOON + 60_000):
        pass
    ends = Run.objects.values_list("ended", flat=True)
    assert set(ends) == {NOON + 60_000}


def test_after_an_error_that_passed_the_worker_goes_on_at_once(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = start(runs, TAG, actor)
    tasks = BackgroundTasks(pause=lambda _seconds: None)
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(worker, "TURN_SECONDS", 0.0)
    errors = iter([OperationalError("the connection failed")])

    def fail_once(key: int, now: int) -> bool:
        for error in errors:
            raise error
        return run_step(key, now)

    monkeypatch.setattr(worker, "run_step", fail_once)
    tasks(NOON)
    assert tasks(NOON) == 1
    task.refresh_from_db()
    assert task.state == TaskState.DONE


def test_an_error_that_stays_ends_the_task(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would hold up the workspace."""

    def fail(_key: int, _now: int) -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing_of_that_name()")
        return True

    monkeypatch.setattr(worker, "run_step", fail)
    task = start(runs, TAG, actor)
    assert BackgroundTasks(pause=lambda _seconds: None)(NOON) == 1
    task.refresh_from_db()
    assert task.state == TaskState.FAILED


def test_the_number_of_queries_of_a_move_does_not_grow_with_the_roots(
    runs: list[Run], experiment: Experiment, actor: Actor
) -> None:
    change = MoveChange(
        create_experiment(experiment.workspace, "other", actor=actor, now=NOON)
    )
    with CaptureQueriesContext(connection) as captured:
        assert len(change.affected([run.pk for run in runs])) == 5
    assert len(captured) == 2


def test_stars_of_others_are_in_no_list_of_tasks(runs: list[Run], actor: Actor) -> None:
    assert actor.user is not None
    task = start(runs, StarChange(actor.user, True), actor)
    ended(task)
    other = User.objects.create(username="other")
    workspace = runs[0].workspace
    assert [one.pk for one in list_tasks(workspace, actor.user).tasks] == [task.pk]
    assert list_tasks(workspace, other).tasks == []
    with pytest.raises(NotFound):
        find_task(workspace, other, task.pk)


def test_a_child_run_that_comes_after_the_request_moves_with_its_tree(
    runs: list[Run], experiment: Experiment, actor: Actor
) -> None:
    place = create_experiment(experiment.workspace, "other", actor=actor, now=NOON)
    task = start(runs, MoveChange(place), actor)
    root = runs[0].run_id
    late = create_run(experiment, actor=actor, now=NOON, parent_run_id=root)
    assert ended(task).state == TaskState.DONE
    assert Run.objects.get(pk=late.pk).experiment == place
    assert ended(undo(task, actor)).state == TaskState.DONE
    assert set(Run.objects.values_list("experiment", flat=True)) == {experiment.pk}
