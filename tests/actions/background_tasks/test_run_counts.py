"""A large change keeps few rows of run counts: each request of a list sums them."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.background_tasks import BackgroundTasks, start_bulk_change, start_undo
from runs.actions.bulk import FlagChange, bulk_changes
from runs.actions.run import create_run
from runs.models import Experiment, Role, Run, RunCount, rollups
from tests.parts.records import NOON

pytestmark = pytest.mark.django_db
RUNS, STEP, ROWS_PER_MERGE = 60, 2, 12


def test_the_worker_merges_run_counts_during_a_large_change_and_its_undo(
    experiment: Experiment, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_changes, "RUNS_PER_TRANSACTION", STEP)
    monkeypatch.setattr("runs.actions.background_tasks.starting.VALUES_PER_STEP", STEP)
    monkeypatch.setattr(rollups, "ROWS_PER_MERGE", ROWS_PER_MERGE)
    for name in ("SLICE_SECONDS", "TURN_SECONDS"):
        monkeypatch.setattr(f"runs.actions.background_tasks.worker.{name}", 600.0)
    runs = [create_run(experiment, actor=actor, now=NOON) for _ in range(RUNS)]
    rollups.merge_run_counts()
    task = start_bulk_change(
        experiment.workspace,
        [run.pk for run in runs],
        FlagChange("archived", True, NOON),
        actor=actor,
        role=Role.CONTRIBUTOR,
        now=NOON,
    )
    rows: list[int] = []
    worker = BackgroundTasks(
        pause=lambda _seconds: rows.append(RunCount.objects.count())
    )
    worker(NOON)
    task.refresh_from_db()
    assert task.changed == RUNS == Run.objects.exclude(archived=None).count()
    assert task.change_set is not None
    start_undo(task.change_set, actor=actor, role=Role.CONTRIBUTOR, now=NOON)
    worker(NOON)
    assert not Run.objects.exclude(archived=None).exists()
    # Each run adds two rows: one less of the old group, one more of the new one.
    assert len(rows) == 2 * (RUNS // STEP - 1)
    assert max(rows) <= ROWS_PER_MERGE + 2 * STEP
