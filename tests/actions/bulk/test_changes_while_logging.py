"""Runs are changed in bulk while their scripts log to them: neither loses anything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from runs.actions.actor import Actor
from runs.actions.bulk import (
    FlagChange,
    MoveChange,
    NameChange,
    TagChange,
    apply_bulk_change,
    read_pattern,
)
from runs.actions.experiments import create_experiment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run import create_run, lock_tree
from runs.actions.run.run_edits import set_run_tags
from runs.actions.undo import undo_change_set
from runs.models import ChangeSet, Experiment, Metric, Run, RunTag, Workspace, now_ms

RUNS, WRITERS, BATCHES = 12, 3, 10

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def workspace(committed: None) -> Workspace:
    workspace = Workspace.objects.create(name="default")
    act: dict[str, Any] = {"actor": Actor(), "now": now_ms()}
    home = create_experiment(workspace, "digits", **act)
    create_experiment(workspace, "moved", **act)
    for number in range(RUNS):
        create_run(home, run_id=f"r{number}", name="trial", **act)
    return workspace


@transaction.atomic
def add_child(run: Run) -> None:
    """As REST's `children`: in the experiment where the parent is at that time."""
    lock_tree(run.workspace_id)
    home = Run.objects.select_related("experiment").get(pk=run.pk).experiment
    child = f"{run.run_id}-child"
    parent = run.run_id
    create_run(home, run_id=child, parent_run_id=parent, actor=Actor(), now=now_ms())


def log(writer: int) -> None:
    """What the scripts of every third run do: points, tags and child runs."""
    try:
        for sequence in range(BATCHES):
            for number in range(writer, RUNS, WRITERS):
                run = Run.objects.get(run_id=f"r{number}")
                points = [Point("loss", float(sequence), now_ms(), sequence)]
                batch = (f"w{number}", sequence)
                log_metrics(run, points, actor=Actor(), now=now_ms(), batch=batch)
                tags = {f"step-{sequence}": "done"}
                set_run_tags(run, tags, actor=Actor(), now=now_ms())
                if sequence == BATCHES // 2:
                    add_child(run)
    finally:
        connection.close()


def change(workspace: Workspace) -> list[ChangeSet]:
    keys = list(Run.objects.filter(parent=None).values_list("pk", flat=True))
    target = Experiment.objects.get(name="moved")
    kinds = (
        TagChange({"stage": "final"}),
        NameChange(read_pattern("{name}-{number}")),
        MoveChange(target),
        FlagChange("archived", True, now_ms()),
    )
    try:
        done = [
            apply_bulk_change(workspace, keys, kind, actor=Actor(), now=now_ms())
            for kind in kinds
        ]
    finally:
        connection.close()
    assert [each.changed for each in done][:2] == [RUNS, RUNS]
    return [each.change_set for each in done if each.change_set is not None]


def test_bulk_changes_and_what_scripts_log_are_both_kept(
    workspace: Workspace,
) -> None:
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        writers = [pool.submit(log, number) for number in range(WRITERS)]
        changes = pool.submit(change, workspace).result()
        for each in writers:
            each.result()
    roots = Run.objects.filter(parent=None)
    assert set(Metric.objects.values_list("count", flat=True)) == {BATCHES}
    steps = RunTag.objects.filter(key__name__startswith="step-", value="done")
    assert steps.count() == RUNS * BATCHES
    assert RunTag.objects.filter(key__name="stage", value="final").count() == RUNS
    assert all(run.name.startswith("trial-") and run.archived for run in roots)
    # Child runs are where their roots are, whichever came first.
    places = dict(Run.objects.values_list("run_id", "experiment__name"))
    assert len(places) == 2 * RUNS
    assert set(places.values()) == {"moved"}
    numbers = list(Run.objects.values_list("number", flat=True))
    assert len(set(numbers)) == len(numbers)
    for done in reversed(changes):
        undo_change_set(done, actor=Actor(), now=now_ms(), is_owner=True)
    assert {run.name for run in roots.all()} == {"trial"}
    assert not RunTag.objects.filter(key__name="stage").exists()
    assert set(Run.objects.values_list("experiment__name", flat=True)) == {"digits"}
    assert steps.count() == RUNS * BATCHES
