"""Replaced and deleted files are changes, and their undo brings them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.expiry.expiry import DAY_MS, TRASH_DAYS, delete_replaced_files
from runs.actions.files.files import current_files, delete_files, save_file
from runs.actions.run.lifecycle import change_status
from runs.actions.run_rows import locks
from runs.actions.undo.undo import undo_change_set
from runs.models import Change, ChangeKind, ChangeSet, File, LoggedModel, Run, User
from runs.storage.files import files
from studio.core.errors import Conflict, InvalidState
from studio.core.statuses import RunStatus

pytestmark = pytest.mark.usefixtures("files_dir")

Contents = dict[str, bytes]


@pytest.fixture
def save(run: Run, actor: Actor, now: int) -> Callable[..., File]:
    def save(path: str, content: bytes, owner: Run | LoggedModel = run) -> File:
        return save_file(owner, path, [content], actor=actor, now=now, limit=1000)

    return save


@pytest.fixture
def contents(run: Run) -> Callable[..., Contents]:
    def contents(owner: Run | LoggedModel = run) -> Contents:
        found = {}
        for file in current_files(owner):
            with files.open(file.blob) as opened:
                found[file.path] = opened.read()
        return found

    return contents


@pytest.fixture
def model(run: Run, now: int) -> LoggedModel:
    return LoggedModel.objects.create(
        workspace=run.workspace,
        experiment=run.experiment,
        model_id="m-1",
        name="m",
        status="READY",
        source_run=run,
        created=now,
        updated=now,
    )


def end(run: Run, actor: Actor, now: int) -> None:
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)


def last() -> ChangeSet:
    return ChangeSet.objects.latest("pk")


def test_a_replaced_file_comes_back(
    save, contents, run: Run, actor: Actor, now: int
) -> None:
    end(run, actor, now)
    old, new = save("m/weights.pt", b"1"), save("m/weights.pt", b"22")
    change_set = last()
    assert (change_set.action, change_set.kind) == ("replace file", ChangeKind.FILE)
    assert (change_set.actor, change_set.token) == (actor.user, actor.token)
    change = change_set.changes.get()
    assert change.before == {
        "path": "m/weights.pt",
        "size": 1,
        "sha256": old.sha256,
        "blob": old.blob,
    }
    after: Any = change.after
    assert (after["size"], after["sha256"]) == (2, new.sha256)
    undo_change_set(change_set, actor=actor, now=now + 1)
    assert contents() == {"m/weights.pt": b"1"}
    undo_change_set(last(), actor=actor, now=now + 2)
    assert last().action == "redo"
    assert contents() == {"m/weights.pt": b"22"}


def test_a_deleted_folder_comes_back_at_once(
    save, contents, run: Run, actor: Actor, now: int
) -> None:
    for path in ("f/x", "f/g/y", "other"):
        save(path, path.encode())
    before = contents()
    delete_files(run, ["f"], actor=actor, now=now)
    assert contents() == {"other": b"other"}
    assert last().change_count == 2
    undo_change_set(last(), actor=actor, now=now)
    assert contents() == before
    undo_change_set(last(), actor=actor, now=now)
    assert contents() == {"other": b"other"}


def test_new_and_equal_files_are_no_changes(save, run: Run, actor, now: int) -> None:
    save("a", b"1"), save("a", b"1")
    delete_files(run, ["missing"], actor=actor, now=now)
    assert not ChangeSet.objects.filter(kind=ChangeKind.FILE).exists()


def test_an_active_run_keeps_only_its_newest_replacement(
    save, contents, actor: Actor, now: int
) -> None:
    for content in (b"1", b"2", b"3"):
        save("last.ckpt", content)
    save("other", b"a"), save("other", b"b")
    mine = ChangeSet.objects.filter(kind=ChangeKind.FILE)
    assert mine.count() == 2
    undo_change_set(mine.earliest("pk"), actor=actor, now=now)
    assert contents() == {"last.ckpt": b"2", "other": b"b"}


def test_the_replacement_by_another_member_stays_in_the_history(
    save, run: Run, actor: Actor, now: int, ben: User
) -> None:
    save("a", b"1")
    save_file(run, "a", [b"2"], actor=Actor(ben), now=now, limit=9)
    save("a", b"3")
    found = ChangeSet.objects.filter(kind=ChangeKind.FILE).order_by("pk")
    assert [each.actor for each in found] == [ben, actor.user]
    with pytest.raises(Conflict):
        undo_change_set(found[0], actor=actor, now=now)
    with pytest.raises(InvalidState, match="no longer exists"):
        undo_change_set(found[0], actor=actor, now=now, anyway=True)


def test_a_version_changed_since_is_shown_before_it_is_overwritten(
    save, contents, run: Run, actor: Actor, now: int
) -> None:
    end(run, actor, now)
    save("a", b"1"), save("a", b"2")
    first = last()
    save("a", b"3")
    with pytest.raises(Conflict):
        undo_change_set(first, actor=actor, now=now)
    undo_change_set(first, actor=actor, now=now, anyway=True)
    assert contents() == {"a": b"1"}


def test_the_same_content_again_is_no_later_change(
    save, contents, run: Run, actor: Actor, now: int
) -> None:
    end(run, actor, now)
    save("a", b"1"), save("a", b"2")
    first = last()
    delete_files(run, ["a"], actor=actor, now=now)
    save("a", b"2")
    undo_change_set(first, actor=actor, now=now)
    assert contents() == {"a": b"1"}


def test_a_path_that_became_a_folder_is_refused(
    save, contents, run: Run, actor: Actor, now: int
) -> None:
    save("a", b"1")
    delete_files(run, ["a"], actor=actor, now=now)
    deleted = last()
    save("a/b", b"2")
    with pytest.raises(Conflict, match="folder"):
        undo_change_set(deleted, actor=actor, now=now)
    assert contents() == {"a/b": b"2"}


def test_files_of_a_locked_run_stay(
    save, contents, run: Run, actor: Actor, now: int
) -> None:
    save("a", b"1")
    delete_files(run, ["a"], actor=actor, now=now)
    deleted = last()
    end(run, actor, now)
    locks.lock_run(run, actor=actor, now=now)
    for way in (False, True):
        with pytest.raises(InvalidState, match="locked"):
            undo_change_set(deleted, actor=actor, now=now, anyway=way)
    assert contents() == {}


def test_a_version_that_came_back_does_not_expire(
    save, contents, run: Run, actor: Actor, now: int
) -> None:
    end(run, actor, now)
    save("a", b"1"), save("a", b"2")
    undo_change_set(last(), actor=actor, now=now + DAY_MS)
    undo = last()
    later = now + (TRASH_DAYS + 2) * DAY_MS
    assert delete_replaced_files(later) == 1
    assert contents() == {"a": b"1"}
    with pytest.raises(InvalidState, match="no longer exists"):
        undo_change_set(undo, actor=actor, now=later)


def test_a_model_s_file_is_a_change_of_its_run(
    save, contents, model: LoggedModel, run: Run, actor: Actor, now: int
) -> None:
    save("MLmodel", b"1", model), save("MLmodel", b"2", model)
    assert Change.objects.get().run == run
    undo_change_set(last(), actor=actor, now=now)
    assert contents(model) == {"MLmodel": b"1"}
    delete_files(model, ["MLmodel"], actor=actor, now=now)
    undo_change_set(last(), actor=actor, now=now)
    assert contents(model) == {"MLmodel": b"1"}
