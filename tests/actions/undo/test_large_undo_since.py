"""The undo of everything that a token changed, as a background task of many steps."""

from __future__ import annotations

import pytest

from runs.actions.account.tokens import create_token
from runs.actions.actor import Actor
from runs.actions.background_tasks import (
    start_bulk_change,
    start_undo_since,
    stop_task,
)
from runs.actions.background_tasks.steps import run_step
from runs.actions.bulk import (
    FlagChange,
    LockChange,
    MoveChange,
    TagChange,
    apply_bulk_change,
    create_move_target,
)
from runs.actions.run import create_run, rename_run, set_run_tags, star_run
from runs.actions.undo import token_undo, undo_change_set, undo_since
from runs.models import (
    ApiToken,
    BackgroundTask,
    ChangeSet,
    Experiment,
    Role,
    Run,
    RunTag,
    TaskState,
    User,
)
from runs.pages.background_tasks.rows import task_row
from studio.core.errors import InvalidState
from tests.actions.background_tasks.working import do_background_tasks
from tests.parts.records import NOON

pytestmark = pytest.mark.django_db
RUNS = 5
LATER = NOON + 1_000


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_undo, "VALUES_PER_TRANSACTION", 2)
    for name in ("SLICE_SECONDS", "TURN_SECONDS"):
        monkeypatch.setattr(f"runs.actions.background_tasks.worker.{name}", 600.0)


@pytest.fixture
def token(experiment: Experiment, owner: User) -> ApiToken:
    actor = Actor(owner)
    return create_token(owner, experiment.workspace, "ci", actor=actor, now=NOON)[0]


@pytest.fixture
def runs(experiment: Experiment, actor: Actor) -> list[Run]:
    return [
        create_run(experiment, actor=actor, now=NOON, name=f"r{n}") for n in range(RUNS)
    ]


def state() -> list[object]:
    return [
        (
            run.name,
            (run.experiment_id, run.number, run.locked),
            run.archived is not None,
            sorted(RunTag.objects.filter(run=run).values_list("key__name", "value")),
        )
        for run in Run.objects.order_by("pk")
    ]


def change_all(runs: list[Run], token: ApiToken, owner: User) -> None:
    """Every kind of change, some of them of the same values."""
    bot, workspace = Actor(owner, token), runs[0].workspace
    keys = [run.pk for run in runs]
    for n, change in enumerate(
        (
            TagChange({"stage": "draft", "team": None}),
            TagChange({"stage": "final"}, ["team"]),
            FlagChange("archived", True, LATER),
            MoveChange(create_move_target(workspace, "far", actor=bot, now=LATER)),
            LockChange(True, bot, True, LATER),
        )
    ):
        apply_bulk_change(workspace, keys, change, actor=bot, now=LATER + n)


def start(token: ApiToken, actor: Actor, since: int = LATER) -> BackgroundTask:
    assert token.workspace is not None
    return start_undo_since(
        token.workspace, token, since, actor=actor, role=Role.CONTRIBUTOR, now=LATER
    )


def work(task: BackgroundTask) -> BackgroundTask:
    do_background_tasks(LATER)
    task.refresh_from_db()
    return task


def undone_sets(token: ApiToken) -> list[bool]:
    rows = ChangeSet.objects.filter(token=token).order_by("pk")
    return list(rows.values_list("is_undone", flat=True))


def test_all_values_go_back_in_steps_and_are_redone_as_one(
    runs: list[Run], token: ApiToken, owner: User, actor: Actor
) -> None:
    before = state()
    change_all(runs, token, owner)
    after = state()
    plan = undo_since(
        token.workspace,
        token,
        LATER,
        actor=actor,
        now=LATER,
        is_owner=True,
        dry_run=True,
    )
    task = start(token, actor)
    assert task.total > 2 * RUNS
    task = work(task)
    assert (task.state, task.position) == (TaskState.DONE, task.total)
    assert task.changed == plan.changed == 4 * RUNS
    assert state() == before
    undo = task.change_set
    assert undo is not None
    undo.refresh_from_db()
    assert (undo.action, undo.run_count, undo.change_count) == ("undo", RUNS, 4 * RUNS)
    # The set that created the experiment is in effect still.
    assert undone_sets(token).count(False) <= 1
    undo_change_set(undo, actor=actor, now=LATER + 9, is_owner=True)
    assert state() == after


def test_it_counts_what_it_left_and_marks_only_what_is_undone(
    runs: list[Run], token: ApiToken, owner: User, actor: Actor
) -> None:
    bot = Actor(owner, token)
    for n, run in enumerate(runs):
        rename_run(run, f"bot {n}", actor=bot, now=LATER + n)
    set_run_tags(runs[0], {"a": "1"}, actor=bot, now=LATER + 8)
    star_run(runs[1], owner, True, actor=bot, now=LATER + 8)
    rename_run(runs[2], "mine", actor=actor, now=LATER + 9)
    task = work(start(token, actor))
    assert task.skipped_counts == {"changed": 1, "not_supported": 1}
    assert [run.name for run in Run.objects.order_by("pk")] == [
        *("r0", "r1", "mine", "r3", "r4")
    ]
    assert undone_sets(token) == [True, True, False, True, True, True, False]
    row = task_row(task, LATER, can_stop=True, can_undo=True)
    assert set(row.skipped) == {
        "1 value was changed since",
        "1 value can’t be undone",
    }


def test_a_worker_that_was_killed_goes_on_where_it_was(
    runs: list[Run], token: ApiToken, owner: User, actor: Actor
) -> None:
    before = state()
    change_all(runs, token, owner)
    task = start(token, actor)
    while run_step(task.pk, LATER):
        task.refresh_from_db()
        if task.position >= task.total // 2:
            break
    assert state() != before
    # Another worker has nothing in its memory.
    assert work(task).state == TaskState.DONE
    assert state() == before


def test_a_stopped_one_keeps_what_is_done_as_one_change(
    runs: list[Run], token: ApiToken, owner: User, actor: Actor
) -> None:
    change_all(runs, token, owner)
    after = state()
    task = start(token, actor)
    for _step in range(4):
        assert run_step(task.pk, LATER)
    assert stop_task(task, now=LATER)
    assert not run_step(task.pk, LATER)
    task.refresh_from_db()
    assert task.change_set is not None
    assert state() != after
    undo_change_set(task.change_set, actor=actor, now=LATER + 9, is_owner=True)
    assert state() == after


def test_a_second_click_starts_no_second_undo(
    runs: list[Run], token: ApiToken, owner: User, actor: Actor
) -> None:
    change_all(runs, token, owner)
    task = start(token, actor)
    assert start(token, actor) == task
    assert start(token, actor, LATER + 1) != task


def test_it_waits_for_no_task_of_the_token(
    runs: list[Run], token: ApiToken, owner: User, actor: Actor
) -> None:
    bot = Actor(owner, token)
    task = start_bulk_change(
        runs[0].workspace,
        [run.pk for run in runs],
        TagChange({"a": "1"}),
        actor=bot,
        role=Role.CONTRIBUTOR,
        now=LATER,
    )
    run_step(task.pk, LATER)
    task.refresh_from_db()
    if task.is_open:
        with pytest.raises(InvalidState):
            start(token, actor)
