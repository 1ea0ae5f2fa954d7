"""Files with the same content share their bytes, and are still files of their own."""

from __future__ import annotations

import os
from typing import Any

import pytest

from runs.actions.account.accounts import create_workspace
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.equal_files import share_equal_files
from runs.actions.files.files import save_file
from runs.actions.ingest.log_files import append_log
from runs.actions.run.runs import create_run
from runs.models import Experiment, File, Run
from runs.storage.files import files, hold_deletions, move_to_quarantine

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
    assert share_equal_files(now) == len(CONTENT)
    assert inode(one) == inode(two)
    assert (read(one), read(two)) == (CONTENT, CONTENT)
    assert share_equal_files(now) == 0


def test_an_append_changes_one_of_them(
    equal: tuple[File, File], run: Run, act: dict[str, Any], now: int
) -> None:
    one, two = equal
    share_equal_files(now)
    size = len(CONTENT)
    append_log(run, "a", size, b"more", writer="", limit=10**6, **act)
    one.refresh_from_db()
    assert (read(one), read(two)) == (CONTENT + b"more", CONTENT)
    assert share_equal_files(now) == 0


def test_a_blob_that_was_opened_before_is_found_again(
    equal: tuple[File, File], now: int
) -> None:
    """As where its bytes are replaced while a writer waits for the lock."""
    share_equal_files(now)
    with files.open_to_append(equal[0].blob) as write_at:
        write_at(0, b"new")
    assert files.path(equal[0].blob).read_bytes() == b"new"
    assert read(equal[1]) == CONTENT


def test_the_bytes_stay_until_the_last_name_is_deleted(
    equal: tuple[File, File], now: int
) -> None:
    share_equal_files(now)
    files.delete(equal[0].blob)
    assert read(equal[1]) == CONTENT


def test_the_quarantine_of_one_leaves_the_other(
    equal: tuple[File, File], now: int
) -> None:
    share_equal_files(now)
    assert move_to_quarantine(equal[0].blob, now)
    assert read(equal[1]) == CONTENT


def test_a_damaged_file_is_not_used(equal: tuple[File, File], now: int) -> None:
    files.path(equal[0].blob).write_bytes(b"x" * len(CONTENT))
    assert share_equal_files(now) == 0
    assert read(equal[1]) == CONTENT


def test_files_of_two_workspaces_never_share_bytes(
    run: Run, act: dict[str, Any], now: int
) -> None:
    other = create_workspace("other", actor=SERVER, now=now)
    elsewhere: Experiment = create_experiment(other, "e", **act)
    mine = save(run, "a", act)
    theirs = save(create_run(elsewhere, run_id="r", **act), "a", act)
    assert share_equal_files(now) == 0
    assert inode(mine) != inode(theirs)


@pytest.mark.parametrize("content", [b"small", b"x"])
def test_small_files_are_left_alone(
    run: Run, act: dict[str, Any], now: int, content: bytes
) -> None:
    for path in ("a", "b"):
        save(run, path, act, content)
    assert share_equal_files(now) == 0


def test_nothing_is_shared_during_a_backup(equal: tuple[File, File], now: int) -> None:
    with hold_deletions():
        assert share_equal_files(now) == 0
    assert inode(equal[0]) != inode(equal[1])


def test_a_file_system_without_links_keeps_both(
    equal: tuple[File, File], now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert share_equal_files(now) == 0
    assert read(equal[0]) == read(equal[1]) == CONTENT


def test_logs_are_never_shared(run: Run, act: dict[str, Any], now: int) -> None:
    for path in ("a.log", "b.log"):
        append_log(run, path, 0, CONTENT, writer="w", limit=10**6, **act)
    assert share_equal_files(now) == 0
