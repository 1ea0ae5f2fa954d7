"""Undo of everything that a token changed since a time."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.account.tokens import create_token
from runs.actions.actor import Actor
from runs.actions.bulk import MoveChange, apply_bulk_change, create_move_target
from runs.actions.experiments import experiments
from runs.actions.files import current_files, delete_files, save_file
from runs.actions.run import run_edits
from runs.actions.run.runs import archive_run, create_run, trash_run
from runs.actions.run_rows import lock_run, unlock_run
from runs.actions.undo import UndoSkip, token_undo, undo_change_set, undo_since
from runs.models import (
    ApiToken,
    ChangeSet,
    Experiment,
    Role,
    Run,
    RunTag,
    User,
    Workspace,
)
from tests.access.people import make_member


def make_token(owner: User, workspace: Workspace, now: int) -> ApiToken:
    return create_token(owner, workspace, "ci", actor=Actor(owner), now=now)[0]


def tags(run: Run) -> dict[str, str | None]:
    return dict(RunTag.objects.filter(run=run).values_list("key__name", "value"))


def test_values_go_back_to_before_the_tokens_first_change(
    run: Run, actor: Actor, owner: User, now: int
) -> None:
    token = make_token(owner, run.workspace, now)
    bot, name = Actor(owner, token), run.name
    run_edits.set_run_tags(run, {"kept": "1"}, actor=actor, now=now)
    for n in range(3):
        run_edits.rename_run(run, f"bot {n}", actor=bot, now=now + 10 + n)
    run_edits.set_run_tags(run, {"kept": "2", "new": "x"}, actor=bot, now=now + 20)
    archive_run(run, True, actor=bot, now=now + 21)
    plan = undo_since(run.workspace, token, now, actor=actor, now=now, dry_run=True)
    assert (plan.changed, plan.change_set) == (4, None)
    done = undo_since(run.workspace, token, now, actor=actor, now=now + 30)
    run.refresh_from_db()
    assert (run.name, run.archived, tags(run)) == (name, None, {"kept": "1"})
    of_token = ChangeSet.objects.filter(token=token)
    assert set(of_token.values_list("is_undone", flat=True)) == {True}
    # As one, so one redo brings all of it back.
    assert done.change_set is not None
    assert (done.change_set.run_count, done.change_set.changes.count()) == (1, 4)
    undo_change_set(done.change_set, actor=actor, now=now + 31)
    run.refresh_from_db()
    assert (run.name, tags(run)) == ("bot 2", {"kept": "2", "new": "x"})
    assert not of_token.filter(is_undone=True).exists()


def test_earlier_changes_and_those_of_others_stay(
    run: Run, actor: Actor, owner: User, now: int
) -> None:
    token = make_token(owner, run.workspace, now)
    bot = Actor(owner, token)
    run_edits.set_run_tags(run, {"early": "1"}, actor=bot, now=now)
    run_edits.set_run_tags(run, {"a": "bot", "b": "bot"}, actor=bot, now=now + 10)
    run_edits.set_run_tags(run, {"a": "me"}, actor=actor, now=now + 20)
    done = undo_since(run.workspace, token, now + 5, actor=actor, now=now + 30)
    assert tags(run) == {"early": "1", "a": "me"}
    assert dict(done.skipped) == {UndoSkip.CHANGED_SINCE: 1}
    # It is only half undone, so it still counts as done.
    states = ChangeSet.objects.filter(token=token).order_by("pk")
    assert list(states.values_list("is_undone", flat=True)) == [False, False]


def test_what_cannot_be_undone_is_skipped_with_its_reason(
    experiment: Experiment, run: Run, actor: Actor, owner: User, now: int
) -> None:
    token = make_token(owner, run.workspace, now)
    bot = Actor(owner, token)
    locked = create_run(experiment, run_id="locked", actor=actor, now=now)
    run_edits.rename_run(locked, "bot", actor=bot, now=now + 1)
    lock_run(locked, actor=actor, now=now + 2)
    before = experiment.name
    experiments.rename_experiment(experiment, "other", actor=bot, now=now + 3)
    experiments.create_experiment(run.workspace, before, actor=actor, now=now + 4)
    run_edits.star_run(run, owner, True, actor=bot, now=now + 5)
    trash_run(run, actor=bot, now=now + 6)
    done = undo_since(run.workspace, token, now, actor=actor, now=now + 9)
    assert dict(done.skipped) == {
        UndoSkip.LOCKED: 1,
        UndoSkip.NAME: 1,
        UndoSkip.NOT_SUPPORTED: 1,
    }
    run.refresh_from_db()
    assert (run.deleted, done.changed, len(done.runs)) == (None, 1, 1)


@pytest.mark.parametrize("dry_run", [True, False])
def test_locks_of_the_token_are_undone_with_what_they_keep(
    experiment: Experiment,
    run: Run,
    actor: Actor,
    owner: User,
    now: int,
    dry_run: bool,
) -> None:
    token = make_token(owner, run.workspace, now)
    bot, name = Actor(owner, token), run.name
    mine = create_run(experiment, run_id="mine", actor=actor, now=now)
    lock_run(mine, actor=actor, now=now)
    run_edits.rename_run(run, "bot", actor=bot, now=now + 1)
    lock_run(run, actor=bot, now=now + 2)
    unlock_run(mine, actor=bot, now=now + 3, is_owner=True)
    run_edits.rename_run(mine, "bot", actor=bot, now=now + 4)
    other = Actor(make_member(run.workspace, "bo", Role.CONTRIBUTOR))
    kept = undo_since(run.workspace, token, now, actor=other, now=now, dry_run=True)
    # Only who locked the run, or an owner, can unlock it.
    assert (kept.changed, dict(kept.skipped)) == (
        2,
        {UndoSkip.LOCKED_BY_OTHERS: 1, UndoSkip.LOCKED: 1},
    )
    done = undo_since(
        run.workspace, token, now, actor=actor, now=now + 9, dry_run=dry_run
    )
    assert (done.changed, dict(done.skipped)) == (4, {})
    run.refresh_from_db()
    mine.refresh_from_db()
    states = [(run.locked, run.name), (mine.locked, mine.name == "bot")]
    undone, left = [(False, name), (True, False)], [(True, "bot"), (False, True)]
    assert states == (left if dry_run else undone)


Places = dict[str, tuple[str, int]]


def move(runs: list[Run], name: str, bot: Actor, now: int) -> None:
    workspace = runs[0].workspace
    target = create_move_target(workspace, name, actor=bot, now=now)
    keys = [run.pk for run in runs]
    apply_bulk_change(workspace, keys, MoveChange(target), actor=bot, now=now)


def places() -> Places:
    rows = Run.objects.values_list("run_id", "experiment__name", "number")
    return {run: (name, number) for run, name, number in rows}


def test_moved_trees_come_back_whole_with_their_numbers(
    experiment: Experiment, run: Run, actor: Actor, owner: User, now: int
) -> None:
    token = make_token(owner, run.workspace, now)
    bot, home = Actor(owner, token), experiment.name
    root = create_run(experiment, run_id="root", actor=actor, now=now)
    below: dict[str, Any] = {"parent_run_id": "root", "actor": actor, "now": now}
    child = create_run(experiment, run_id="child", **below)
    before = places()
    move([run, root, child], "first", bot, now + 1)
    new = Experiment.objects.get(name="first")
    between = create_run(new, run_id="between", **below)
    move([root, child, between], "second", bot, now + 2)
    create_run(Experiment.objects.get(name="second"), run_id="after", **below)
    plan = undo_since(run.workspace, token, now, actor=actor, now=now, dry_run=True)
    assert plan.changed == 4
    done = undo_since(run.workspace, token, now, actor=actor, now=now + 9)
    last = before["child"][1]
    added = {"between": (home, last + 1), "after": (home, last + 2)}
    assert places() == {**before, **added}
    assert done.change_set is not None
    assert ChangeSet.objects.get(pk=done.change_set.pk).run_count == 5


def test_trees_from_deleted_experiments_stay_and_the_rest_is_undone(
    experiment: Experiment, run: Run, actor: Actor, owner: User, now: int
) -> None:
    token = make_token(owner, run.workspace, now)
    bot, name = Actor(owner, token), run.name
    below: dict[str, Any] = {"parent_run_id": run.run_id, "actor": actor, "now": now}
    child = create_run(experiment, run_id="child", **below)
    run_edits.rename_run(run, "bot", actor=bot, now=now + 1)
    move([run, child], "elsewhere", bot, now + 2)
    moved = places()
    experiments.delete_experiment(experiment, actor=actor, now=now + 3)
    for dry_run in (True, False):
        done = undo_since(
            run.workspace, token, now, actor=actor, now=now + 9, dry_run=dry_run
        )
        assert dict(done.skipped)[UndoSkip.EXPERIMENT_DELETED] == 2
        assert done.changed == 1
    run.refresh_from_db()
    assert (run.name, places()) == (name, moved)
    sets = ChangeSet.objects.filter(token=token, run_count__gt=0)
    renaming, moving = sets.order_by("pk")
    assert (renaming.is_undone, moving.is_undone) == (True, False)


def test_what_was_restored_before_a_failure_is_marked(
    run: Run, actor: Actor, owner: User, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token(owner, run.workspace, now)
    bot, name = Actor(owner, token), run.name
    run_edits.rename_run(run, "bot", actor=bot, now=now + 1)
    run_edits.set_run_tags(run, {"a": "1"}, actor=bot, now=now + 2)
    monkeypatch.setattr(token_undo, "VALUES_PER_TRANSACTION", 1)

    def fail(*_given: object) -> None:
        raise OSError("disk full")

    # Only parts after the first add to the change set.
    monkeypatch.setattr(token_undo, "add_changes", fail)
    with pytest.raises(OSError, match="disk full"):
        undo_since(run.workspace, token, now, actor=actor, now=now + 9)
    run.refresh_from_db()
    assert (run.name, tags(run)) == (name, {"a": "1"})
    states = ChangeSet.objects.filter(token=token).order_by("pk")
    assert list(states.values_list("is_undone", flat=True)) == [True, False]


@pytest.mark.usefixtures("files_dir")
def test_files_come_back_but_not_where_a_folder_is(
    run: Run, actor: Actor, owner: User, now: int
) -> None:
    def save(path: str, content: bytes, by: Actor) -> None:
        save_file(run, path, [content], actor=by, now=now, limit=100)

    token = make_token(owner, run.workspace, now)
    bot = Actor(owner, token)
    for path in ("a", "b/c", "d", "e"):
        save(path, b"1", actor)
    delete_files(run, ["a", "b", "d"], actor=bot, now=now + 10)
    save("e", b"2", bot)
    save("d/x", b"new", actor)
    done = undo_since(run.workspace, token, now, actor=actor, now=now + 20)
    assert dict(done.skipped) == {UndoSkip.NAME: 1}
    sizes = {file.path: file.size for file in current_files(run)}
    assert sizes == {"a": 1, "b/c": 1, "d/x": 3, "e": 1}
    assert done.change_set is not None
    undo_change_set(done.change_set, actor=actor, now=now + 30)
    assert {file.path for file in current_files(run)} == {"d/x", "e"}
