"""Files with the same content share their bytes, and are still files of their own."""

from __future__ import annotations

import os
from typing import Any

import pytest

from runs.actions.account.accounts import create_workspace
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.equal_files import EqualFileSharing
from runs.actions.files.files import save_file
from runs.actions.ingest.log_files import append_log
from runs.actions.run.runs import create_run
from runs.models import Experiment, File, Run
from runs.storage.files import (
    files,
    hold_deletions,
    move_to_quarantine,
    shared_bytes,
)

pytestmark = pytest.mark.usefixtures("files_dir")
CONTENT = b"0123456789" * 10_000


@pytest.fixture(autouse=True)
def _kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test has one transaction: blobs reach their folder at its end."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, *_: call())


@pytest.fixture
def act(actor: Actor, now: int) -> dict[str, Any]:
    return {"actor": actor, "now": now}


def save(run: Run, path: str, act: dict[str, Any], content: bytes = CONTENT) -> File:
    return save_file(run, path, [content], limit=10**6, **act)


def inode(file: File) -> int:
    return files.path(file.blob).stat().st_ino


def read(file: File) -> bytes:
    with files.open(file.blob, file.size) as opened:
        return opened.read()


@pytest.fixture
def equal(run: Run, act: dict[str, Any]) -> tuple[File, File]:
    return save(run, "a", act), save(run, "b", act)


def test_equal_files_share_their_bytes(equal: tuple[File, File], now: int) -> None:
    one, two = equal
    assert EqualFileSharing()(now) == len(CONTENT)
    assert inode(one) == inode(two)
    assert (read(one), read(two)) == (CONTENT, CONTENT)
    assert EqualFileSharing()(now) == 0


def test_an_append_changes_one_of_them(
    equal: tuple[File, File], run: Run, act: dict[str, Any], now: int
) -> None:
    one, two = equal
    EqualFileSharing()(now)
    size = len(CONTENT)
    append_log(run, "a", size, b"more", writer="", limit=10**6, **act)
    one.refresh_from_db()
    assert (read(one), read(two)) == (CONTENT + b"more", CONTENT)
    assert EqualFileSharing()(now) == 0


def test_a_blob_that_was_opened_before_is_found_again(
    equal: tuple[File, File], now: int
) -> None:
    """As where its bytes are replaced while a writer waits for the lock."""
    EqualFileSharing()(now)
    with files.open_to_append(equal[0].blob) as write_at:
        write_at(0, b"new")
    assert files.path(equal[0].blob).read_bytes() == b"new"
    assert read(equal[1]) == CONTENT


def test_the_bytes_stay_until_the_last_name_is_deleted(
    equal: tuple[File, File], now: int
) -> None:
    EqualFileSharing()(now)
    files.delete(equal[0].blob)
    assert read(equal[1]) == CONTENT


def test_the_quarantine_of_one_leaves_the_other(
    equal: tuple[File, File], now: int
) -> None:
    EqualFileSharing()(now)
    assert move_to_quarantine(equal[0].blob, now)
    assert read(equal[1]) == CONTENT


def test_a_damaged_file_is_not_used(equal: tuple[File, File], now: int) -> None:
    files.path(equal[0].blob).write_bytes(b"x" * len(CONTENT))
    assert EqualFileSharing()(now) == 0
    assert read(equal[1]) == CONTENT


def test_files_of_two_workspaces_never_share_bytes(
    run: Run, act: dict[str, Any], now: int
) -> None:
    other = create_workspace("other", actor=SERVER, now=now)
    elsewhere: Experiment = create_experiment(other, "e", **act)
    mine = save(run, "a", act)
    theirs = save(create_run(elsewhere, run_id="r", **act), "a", act)
    assert EqualFileSharing()(now) == 0
    assert inode(mine) != inode(theirs)


@pytest.mark.parametrize("content", [b"small", b"x"])
def test_small_files_are_left_alone(
    run: Run, act: dict[str, Any], now: int, content: bytes
) -> None:
    for path in ("a", "b"):
        save(run, path, act, content)
    assert EqualFileSharing()(now) == 0


def test_nothing_is_shared_during_a_backup(equal: tuple[File, File], now: int) -> None:
    with hold_deletions():
        assert EqualFileSharing()(now) == 0
    assert inode(equal[0]) != inode(equal[1])


def test_a_file_system_without_links_keeps_both(
    equal: tuple[File, File], now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert EqualFileSharing()(now) == 0
    assert read(equal[0]) == read(equal[1]) == CONTENT


def test_logs_are_never_shared(run: Run, act: dict[str, Any], now: int) -> None:
    for path in ("a.log", "b.log"):
        append_log(run, path, 0, CONTENT, writer="w", limit=10**6, **act)
    assert EqualFileSharing()(now) == 0


def test_a_short_pass_continues_where_it_ended(
    run: Run, act: dict[str, Any], now: int
) -> None:
    saved = [save(run, f"{n % 2}/{n // 2}", act, CONTENT[n // 2 :]) for n in range(6)]
    share = EqualFileSharing(seconds=0)
    assert [share(now) for _pass in range(4)] == [
        *(len(CONTENT) - skipped for skipped in range(3)),
        0,
    ]
    for one, two in zip(saved[::2], saved[1::2], strict=True):
        assert inode(one) == inode(two)


def test_a_file_that_can_not_be_shared_does_not_hold_up_others(
    run: Run, act: dict[str, Any], now: int
) -> None:
    for path in ("a", "b"):
        damaged = save(run, path, act, CONTENT + b"larger")
    files.path(damaged.blob).write_bytes(b"x" * damaged.size)
    save(run, "c", act)
    save(run, "d", act)
    share = EqualFileSharing(seconds=0)
    assert (share(now), share(now)) == (0, len(CONTENT))


def test_an_append_does_not_wait_for_a_comparison(
    equal: tuple[File, File], now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = shared_bytes._have_same_bytes

    def compare_and_append(*opened: Any) -> bool:
        is_same = compare(*opened)
        # It would wait here forever if the comparison had locked the file.
        with files.open_to_append(equal[1].blob) as write_at:
            write_at(len(CONTENT), b"more")
        return is_same

    monkeypatch.setattr(shared_bytes, "_have_same_bytes", compare_and_append)
    assert EqualFileSharing()(now) == 0
    assert files.path(equal[1].blob).read_bytes() == CONTENT + b"more"
