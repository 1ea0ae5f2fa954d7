"""`manage.py sweep`, and what the worker does not do at a start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from runs.management import worker_tasks
from runs.management.identity import write_database_identity, write_home_identity
from runs.models import StudioIdentity, now_ms
from runs.storage.files import files
from tests.parts.records import stored_files

HOUR = 3_600_000


@pytest.fixture
def lost(committed: None, tmp_path: Path, files_dir: Path, settings: Any) -> str:
    """An upload that was cut off two days ago, in a home with its database."""
    settings.STUDIO_HOME = tmp_path
    write_home_identity(tmp_path, "a" * 32)
    write_database_identity("a" * 32)
    StudioIdentity.objects.update(last_seen=now_ms())
    name = files.write([b"x"], 9).name
    then = now_ms() / 1000 - 2 * 86_400
    os.utime(files.incoming_path(name), (then, then))
    return name


def folder_of(name: str, files_dir: Path) -> str:
    [path] = [path for path in stored_files(files_dir) if path.name == name]
    return path.parent.name


def test_a_dry_run_only_prints_and_a_sweep_moves_files(
    lost: str, files_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sweep", "--dry-run")
    assert capsys.readouterr().out == f"quarantine {lost}: unfinished upload\n"
    assert folder_of(lost, files_dir) == "incoming"
    call_command("sweep")
    assert folder_of(lost, files_dir) == "quarantine"
    assert capsys.readouterr().out == f"quarantine {lost}: unfinished upload\n"
    for words in (["--dry-run"], []):
        call_command("sweep", *words)
        assert capsys.readouterr().out == "Nothing to move or delete.\n"


def test_after_a_clock_jump_the_sweep_is_refused(lost: str, files_dir: Path) -> None:
    StudioIdentity.objects.update(last_seen=now_ms() - 48 * HOUR)
    with pytest.raises(CommandError, match="nothing is moved for 24 hours"):
        call_command("sweep")
    assert folder_of(lost, files_dir) == "incoming"


def test_nothing_is_deleted_right_after_a_start(now: int) -> None:
    clock = worker_tasks.ListeningClock.started(now)
    deletions = {task.name for task in worker_tasks.deletion_tasks(now)}
    first = {task.name: task.due - now for task in worker_tasks.all_tasks(clock)}
    assert {name for name, wait in first.items() if wait <= 0} == {
        "check the clock",
        "mark unresponsive runs",
        "queue lost runs again",
        "advance sweeps",
        "do background tasks",
        "fail interrupted submissions",
        "finish sweeps",
        "merge run counts",
        "look at alert conditions",
        "look at views",
        "resolve alerts",
        "create notifications",
        "create sign-in mails",
        "warn owners of the quota",
        "act on alerts",
        "write history exports",
        "index logs",
        "count lines of files",
        "count what is stored",
        "back up",
        "optimize the database",
    }
    assert deletions == {name for name, wait in first.items() if wait >= HOUR // 6}
    assert first["sweep stored files"] >= HOUR // 2


def test_no_deletion_runs_in_the_day_after_a_clock_jump(
    lost: str, files_dir: Path, now: int
) -> None:
    start = now_ms() + 300 * 24 * HOUR
    for task in worker_tasks.deletion_tasks(start):
        assert task.run_if_due(task.due)
    assert folder_of(lost, files_dir) == "incoming"
    StudioIdentity.objects.update(last_seen=start + 24 * HOUR)
    for task in worker_tasks.deletion_tasks(start + 25 * HOUR):
        assert task.run_if_due(task.due)
    assert folder_of(lost, files_dir) == "quarantine"
