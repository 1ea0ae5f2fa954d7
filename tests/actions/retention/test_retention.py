"""Retention rules: what they move to the trash, what stays, and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.actions.actor import Actor
from runs.actions.background_tasks.stored_changes import load_change, store_change
from runs.actions.bulk import LockChange, Skip, StarChange, TagChange, apply_bulk_change
from runs.actions.compare import set_conclusion
from runs.actions.expiry import RetentionChange
from runs.actions.files.files import current_files, save_file
from runs.actions.retention import (
    RetentionPlan,
    apply_retention_rules,
    applying,
    change_retention_rule,
    create_retention_rule,
    delete_retention_rule,
    enable_retention_rule,
    plan_retention,
    restore_retention_rule,
)
from runs.actions.run.runs import create_run, trash_run
from runs.actions.trash import restore_trash
from runs.actions.undo import undo_change_set
from runs.models import (
    Change,
    ChangeSet,
    Experiment,
    File,
    Member,
    RetentionKind,
    RetentionRule,
    Role,
    Run,
    TaskState,
    User,
    Workspace,
)
from runs.search.retention import Stay
from runs.search.trash import find_trash, list_trash
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.statuses import RunStatus
from tests.actions.background_tasks.working import do_background_tasks

pytestmark = pytest.mark.usefixtures("files_dir")

RUNS, CHECKPOINTS = RetentionKind.RUNS, RetentionKind.CHECKPOINTS
DAY = 86_400_000
NewRun = Callable[..., Run]


@pytest.fixture
def new_run(experiment: Experiment, actor: Actor, now: int) -> NewRun:
    """Create a run that ended 100 days ago, with a checkpoint and a log."""

    def new_run(name: str, *, files: bool = True, parent: Run | None = None) -> Run:
        ended = now - 100 * DAY
        above = parent.run_id if parent else ""
        run = create_run(
            experiment, name=name, parent_run_id=above, actor=actor, now=ended
        )
        if files:
            save(run, "checkpoints/last.pt", 50, actor, now)
            save(run, "logs/out.log", 20, actor, now)
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.COMPLETED.code, ended=ended
        )
        run.refresh_from_db()
        return run

    return new_run


def save(run: Run, path: str, size: int, actor: Actor, now: int) -> None:
    save_file(run, path, [b"x" * size], actor=actor, now=now, limit=1000)


@pytest.fixture
def plan(owner: User, workspace: Workspace, now: int) -> Callable[..., RetentionPlan]:
    def plan(q: str, what: RetentionKind = RUNS) -> RetentionPlan:
        return plan_retention(q, what, author=owner, workspace=workspace, now=now)

    return plan


def next_day(now: int) -> int:
    """A time at which every rule of `now` is due."""
    return now + 2 * DAY


def rule_of(
    workspace: Workspace, actor: Actor, now: int, q: str = "ended:<-90d"
) -> RetentionRule:
    return create_retention_rule(workspace, q, RUNS, actor=actor, now=now)


def left(runs: list[Run]) -> set[str]:
    keys = [run.pk for run in runs]
    rows = Run.objects.filter(pk__in=keys, deleted__isnull=True)
    return set(rows.values_list("name", flat=True))


def test_a_dry_run_says_what_goes_and_why_the_rest_stays(
    new_run: NewRun,
    plan: Callable[..., RetentionPlan],
    workspace: Workspace,
    owner: User,
    ben: User,
    actor: Actor,
    now: int,
) -> None:
    small, large = new_run("small", files=False), new_run("large")
    kept = {name: new_run(name) for name in ("star", "lock", "keep", "end", "active")}
    star = StarChange(ben, True)
    apply_bulk_change(workspace, [kept["star"].pk], star, actor=Actor(ben), now=now)
    lock = LockChange(True, actor, True, now)
    apply_bulk_change(workspace, [kept["lock"].pk], lock, actor=actor, now=now)
    tags = TagChange({"keep": None})
    apply_bulk_change(workspace, [kept["keep"].pk], tags, actor=actor, now=now)
    set_conclusion(workspace, [kept["end"], large], "x", query="", actor=actor, now=now)
    Run.objects.filter(pk=kept["active"].pk).update(status=RunStatus.RUNNING.code)
    more = new_run("more")
    trash_run(new_run("gone"), actor=actor, now=now)

    found = plan("ended:<-90d -starred -tag:keep")
    assert found.runs == [more.pk, small.pk]
    assert (found.files, found.bytes) == (2, 70)
    assert found.stays == {
        Stay.STARRED: 1,
        Stay.LOCKED: 1,
        Stay.CONCLUSION: 2,
        Stay.ACTIVE: 1,
    }
    # Files of one kind: a run without such files is not mentioned.
    found = plan("ended:<-90d", CHECKPOINTS)
    assert set(found.runs) == {more.pk, kept["star"].pk, kept["keep"].pk}
    assert (found.files, found.bytes) == (3, 150)


def test_a_star_of_any_member_counts(
    new_run: NewRun,
    plan: Callable[..., RetentionPlan],
    workspace: Workspace,
    ben: User,
    now: int,
) -> None:
    run = new_run("a")
    assert plan("-starred").runs == [run.pk]
    star = StarChange(ben, True)
    apply_bulk_change(workspace, [run.pk], star, actor=Actor(ben), now=now)
    assert plan("-starred").runs == []
    assert plan("starred").runs == [run.pk]


def test_a_parent_stays_with_a_child_run_that_stays(
    new_run: NewRun, plan: Callable[..., RetentionPlan], actor: Actor, now: int
) -> None:
    root = new_run("root")
    middle = new_run("middle", parent=root)
    new_run("leaf", parent=middle)
    assert len(plan("ended:<-90d").runs) == 3
    found = plan("ended:<-90d -name:leaf")
    assert (found.runs, found.stays) == ([], {Stay.KEPT_CHILD: 2})
    trash_run(Run.objects.get(name="leaf"), actor=actor, now=now)
    assert len(plan("ended:<-90d -name:leaf").runs) == 2


def test_a_rule_is_applied_once_a_day_and_undone_as_one(
    new_run: NewRun, workspace: Workspace, owner: User, actor: Actor, now: int
) -> None:
    runs = [new_run("a"), new_run("b")]
    rule = rule_of(workspace, actor, now)
    # Not before the next 03:00, whatever the hour is now.
    assert apply_retention_rules(now) == 0
    later = next_day(now)
    assert apply_retention_rules(later) == 2
    assert left(runs) == set()
    [change_set] = ChangeSet.objects.filter(action="retention of runs")
    assert (change_set.actor, change_set.change_count) == (owner, 2)
    rule.refresh_from_db()
    assert (rule.removed, rule.freed, rule.removed_at) == (2, 140, later)
    undo_change_set(change_set, actor=actor, now=later + 1, is_owner=True)
    assert left(runs) == {"a", "b"}
    # Not twice on a day; and on the next one again.
    assert apply_retention_rules(later + 60_000) == 0
    assert apply_retention_rules(later + DAY) == 2


def test_files_of_a_kind_go_to_the_trash_and_come_back(
    new_run: NewRun, workspace: Workspace, owner: User, actor: Actor, now: int
) -> None:
    runs = [new_run("a"), new_run("b")]
    create_retention_rule(workspace, "ended:<-90d", CHECKPOINTS, actor=actor, now=now)
    later = next_day(now)
    assert apply_retention_rules(later) == 2
    assert {file.path for run in runs for file in current_files(run)} == {
        "logs/out.log"
    }
    [item] = list_trash(workspace, owner, only_own=False).items
    assert (item.count, item.size) == (2, 100)
    chosen = find_trash(workspace, owner, [item.key])
    restored = restore_trash(
        workspace, chosen, actor=actor, role=Role.OWNER, now=later + 1
    )
    assert restored.files == 2
    assert current_files(runs[0]).count() == 2


def test_many_files_are_restored_in_the_background(
    new_run: NewRun,
    workspace: Workspace,
    owner: User,
    actor: Actor,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = new_run("a")
    create_retention_rule(workspace, "ended:<-90d", CHECKPOINTS, actor=actor, now=now)
    apply_retention_rules(next_day(now))
    monkeypatch.setattr("runs.search.trash.trash_list.MAX_FILES", 0)
    monkeypatch.setattr("runs.actions.trash.trash.LARGE_CHANGE", 0)
    [item] = list_trash(workspace, owner, only_own=False).items
    assert (item.count, item.size) == (1, None)
    chosen = find_trash(workspace, owner, [item.key])
    result = restore_trash(workspace, chosen, actor=actor, role=Role.OWNER, now=now)
    assert result.task is not None
    do_background_tasks(now)
    result.task.refresh_from_db()
    assert result.task.state == TaskState.DONE
    assert current_files(run).count() == 2


def test_a_large_one_is_a_background_task_that_looks_again(
    new_run: NewRun,
    workspace: Workspace,
    ben: User,
    actor: Actor,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(applying, "LARGE_CHANGE", 1)
    runs = [new_run(name) for name in ("a", "b", "c")]
    rule_of(workspace, actor, now, "ended:<-90d -starred")
    later = next_day(now)
    assert apply_retention_rules(later) == 3
    # Starred while the task waits.
    star = StarChange(ben, True)
    apply_bulk_change(workspace, [runs[1].pk], star, actor=Actor(ben), now=later)
    do_background_tasks(later)
    task = workspace.background_tasks.get()
    assert (task.state, task.changed) == (TaskState.DONE, 2)
    assert task.skipped == {Skip.NO_MATCH.value: 1}
    assert left(runs) == {"b"}


def test_a_stored_change_is_loaded_as_it_was(actor: Actor, now: int) -> None:
    change = RetentionChange("ended:<-90d", CHECKPOINTS, actor, now)
    assert load_change(store_change(change), actor, now=now) == change


@pytest.mark.parametrize("state", ["off", "deleted", "no owner", "gone"])
def test_a_rule_that_may_not_act_does_nothing(
    state: str,
    new_run: NewRun,
    workspace: Workspace,
    owner: User,
    actor: Actor,
    now: int,
) -> None:
    runs = [new_run("a")]
    rule = rule_of(workspace, actor, now)
    if state == "off":
        enable_retention_rule(rule, False, actor=actor, now=now)
    elif state == "deleted":
        delete_retention_rule(rule, actor=actor, now=now)
    elif state == "no owner":
        Member.objects.filter(user=owner).update(role=Role.CONTRIBUTOR)
    else:
        RetentionRule.objects.filter(pk=rule.pk).update(author=None)
    assert apply_retention_rules(next_day(now)) == 0
    assert left(runs) == {"a"}
    rule.refresh_from_db()
    assert ("Save it again" in rule.error) == (state in ("no owner", "gone"))


def test_a_rule_is_made_changed_switched_and_restored(
    workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    for q in ("", "  ", "a" * 4001):
        with pytest.raises(InvalidValue):
            rule_of(workspace, actor, now, q)
    with pytest.raises(InvalidFilter):
        rule_of(workspace, actor, now, "status:")
    rule = rule_of(workspace, actor, now)
    other = Actor(ben)
    rule = change_retention_rule(
        rule, " ended:<-365d ", CHECKPOINTS, actor=other, now=now
    )
    assert (rule.q, rule.kind, rule.author) == ("ended:<-365d", CHECKPOINTS, ben)
    enable_retention_rule(rule, False, actor=actor, now=now)
    enable_retention_rule(rule, False, actor=actor, now=now)
    enable_retention_rule(rule, True, actor=actor, now=now)
    delete_retention_rule(rule, actor=actor, now=now)
    restore_retention_rule(rule, actor=actor, now=now)
    rows = Change.objects.filter(field=f"retention_rules.{rule.pk}").order_by("pk")
    assert [change.change_set.action.split()[0] for change in rows] == [
        "create",
        "change",
        "disable",
        "enable",
        "delete",
        "restore",
    ]


def test_nothing_that_was_trashed_is_lost(
    new_run: NewRun, workspace: Workspace, actor: Actor, now: int
) -> None:
    run = new_run("a")
    rule_of(workspace, actor, now)
    apply_retention_rules(next_day(now))
    assert File.objects.filter(run=run, replaced__isnull=True).count() == 2
