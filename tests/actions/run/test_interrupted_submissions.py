"""Submissions whose client was killed before it had started or queued the run."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runs.actions.actor import Actor
from runs.actions.run import (
    fail_interrupted_submissions,
    mark_unresponsive_runs,
    receive_heartbeat,
)
from runs.actions.run.interrupted import MESSAGE
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run
from studio.core.statuses import RunStatus
from studio.sdk.local_jobs import KEEP_SECONDS, clean_up_jobs

HOUR = 3_600_000


def submit(
    experiment: Experiment, actor: Actor, now: int, status: str = "NotStarted"
) -> Run:
    """A run as a submission leaves it that is killed during its upload."""
    return create_run(
        experiment,
        actor=actor,
        now=now,
        status=RunStatus(status),
        heartbeats=status == "Starting",
        definition={"script": "train.py"},
    )


@pytest.mark.parametrize("status", ["NotStarted", "Starting"])
def test_a_run_that_nothing_starts_fails(
    experiment: Experiment, actor: Actor, now: int, status: str
) -> None:
    run = submit(experiment, actor, now, status)
    mark_unresponsive_runs(now + HOUR, listening_since=now)
    assert fail_interrupted_submissions(now + 6 * HOUR) == 0
    assert fail_interrupted_submissions(now + 6 * HOUR + 1) == 1
    run.refresh_from_db()
    assert (run.state, run.error) == (RunStatus.FAILED, MESSAGE)


def test_a_run_that_a_runner_has_continues(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    run = submit(experiment, actor, now, "Starting")
    receive_heartbeat(run, actor=actor, now=now + 60_000)
    mark_unresponsive_runs(now + HOUR, listening_since=now)
    assert fail_interrupted_submissions(now + 7 * HOUR) == 0


def test_a_run_that_was_not_submitted_waits(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    create_run(experiment, actor=actor, now=now, status=RunStatus.NOT_STARTED)
    assert fail_interrupted_submissions(now + 7 * HOUR) == 0


def test_its_folder_is_deleted_a_day_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_JOBS", str(tmp_path))
    (tmp_path / "new").mkdir()
    (tmp_path / "old").mkdir()
    before = time.time() - KEEP_SECONDS - 60
    os.utime(tmp_path / "old", (before, before))
    clean_up_jobs()
    assert [one.name for one in tmp_path.iterdir()] == ["new"]
    # The lock is left to the runner that may be starting.
    assert list((tmp_path / "new").iterdir()) == []
