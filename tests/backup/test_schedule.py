"""Scheduled backups: when they are due, and what becomes of one that fails."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import pytest

from runs.management.backup.schedule import (
    HOUR_MS,
    Schedule,
    ScheduledBackups,
    is_due,
)
from tests.backup.homes import Home

#: 24 November 2026, noon.
NOON = 1_795_521_600_000


def complete(folder: Path, stamp: str) -> None:
    (folder / stamp).mkdir(parents=True)
    (folder / stamp / "manifest.json").touch()


@pytest.mark.parametrize(
    ("stamp", "due"),
    [
        ("20261124-110001Z", False),
        ("20261124-110000Z", True),
        ("20261123-120000Z", True),
        ("20991231-000000Z", True),
        ("20261124-115959Z.partial", True),
    ],
)
def test_a_backup_is_due_an_interval_after_the_newest_complete_one(
    backups: Path, stamp: str, due: bool
) -> None:
    schedule = Schedule(backups, HOUR_MS, 7)
    assert is_due(schedule, NOON)
    complete(backups, stamp)
    assert is_due(schedule, NOON) is due


def wait_end(task: ScheduledBackups, now: int) -> None:
    """Call it as the worker does until its backup has ended and was noted."""
    end = time.monotonic() + 60
    while task.is_running():
        assert time.monotonic() < end
        time.sleep(0.05)
        task(now)


@pytest.fixture
def at_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The commands that this process starts work over the home."""
    for name in set(os.environ) - set(home.environment()):
        monkeypatch.delenv(name)
    for name, value in home.environment().items():
        monkeypatch.setenv(name, value)
    return home


def now_ms() -> int:
    return int(time.time() * 1000)


def test_the_worker_creates_one_backup_and_then_waits(
    at_home: Home, backups: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "studio.worker")
    task = ScheduledBackups(Schedule(backups, HOUR_MS, 2))
    now = now_ms()
    task(now)
    wait_end(task, now)
    assert "Scheduled backup: Created backup " in caplog.text
    assert len(list(backups.glob("*/manifest.json"))) == 1
    task(now)
    assert not task.is_running()


def test_a_failed_backup_is_logged_and_tried_again_an_hour_later(
    at_home: Home, backups: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backups.mkdir()
    (backups / "letters.txt").touch()
    task = ScheduledBackups(Schedule(backups, HOUR_MS, 2))
    now = now_ms()
    task(now)
    wait_end(task, now)
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "The scheduled backup failed: " in record.getMessage()
    assert "contains other files" in record.getMessage()
    task(now + HOUR_MS - 1)
    assert not task.is_running()
    task(now + HOUR_MS)
    assert task.is_running()
    task.stop()


def test_without_a_path_nothing_is_scheduled() -> None:
    task = ScheduledBackups(None)
    task(NOON)
    assert not task.is_running()


def test_a_stopped_worker_ends_its_backup(at_home: Home, backups: Path) -> None:
    task = ScheduledBackups(Schedule(backups, HOUR_MS, 2))
    task(now_ms())
    task.stop()
    assert not task.is_running()
    at_home.succeed("backup", str(backups))
