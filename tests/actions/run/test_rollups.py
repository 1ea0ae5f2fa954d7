"""Kept counts say what counting would, whatever was done to the runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest
from django.db import connection
from django.db.models import Count, Q, Sum

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import (
    create_experiment,
    delete_experiment,
    restore_experiment,
)
from runs.actions.run.lifecycle import change_status, reopen_run
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run, restore_run, trash_run
from runs.models import Experiment, Run, RunCount, Workspace, rollups
from studio.core.errors import StudioError
from studio.core.statuses import RunStatus

pytestmark = pytest.mark.django_db
Counts = set[tuple[int, int, bool, bool, int]]


def kept() -> Counts:
    groups = RunCount.objects.values_list(
        "experiment", "status", "is_root", "is_archived"
    )
    return set(groups.annotate(n=Sum("runs")).exclude(n=0))


def counted() -> Counts:
    runs = Run.objects.filter(deleted__isnull=True).annotate(
        is_root=Q(parent__isnull=True), is_archived=Q(archived__isnull=False)
    )
    groups = runs.values_list("experiment", "status", "is_root", "is_archived")
    return set(groups.annotate(n=Count("pk")))


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_actions_keeps_the_run_counts_correct(
    workspace: Workspace, actor: Actor, now: int, seed: int
) -> None:
    chance = Random(seed)
    experiments = [
        create_experiment(workspace, name, actor=actor, now=now) for name in "ab"
    ]
    for n in range(60):
        step(chance, experiments, actor, now + n)
        if n % 20 == 7:
            rollups.merge_run_counts(newest=chance.randint(1, 40))
    assert kept() == counted() != set()
    rollups.merge_run_counts()
    assert kept() == counted()
    assert RunCount.objects.count() == len(kept())


def step(chance: Random, experiments: list[Experiment], actor: Actor, now: int) -> None:
    """One action, chosen by chance; one that is refused changes nothing."""
    with suppress(StudioError):
        act_of(chance, experiments, actor, now)()


def act_of(
    chance: Random, experiments: list[Experiment], actor: Actor, now: int
) -> Callable[[], object]:
    runs = list(Run.objects.all())
    experiment = chance.choice(experiments)
    if len(runs) < 5 or chance.random() < 0.3:
        parent = chance.choice([*(run.run_id for run in runs), "late", ""])
        used = {run.run_id for run in runs}
        run_id = "late" if parent != "late" and "late" not in used else f"r{now}"
        return lambda: create_run(
            experiment, run_id=run_id, parent_run_id=parent, actor=actor, now=now
        )
    run = chance.choice(runs)
    status = chance.choice(list(RunStatus))
    archived = chance.choice([None, now])
    acts: list[Callable[[], object]] = [
        lambda: change_status(run, status, actor=actor, now=now),
        lambda: reopen_run(run, actor=actor, now=now),
        lambda: trash_run(run, actor=actor, now=now),
        lambda: restore_run(run, actor=actor, now=now),
        lambda: Run.objects.filter(pk=run.pk).update(archived=archived),
        lambda: purge_run(run, actor=actor, now=now),
        lambda: delete_experiment(experiment, actor=actor, now=now),
        lambda: restore_experiment(experiment, actor=actor, now=now),
    ]
    return chance.choice(acts)


def test_lost_triggers_are_detected_and_runs_recounted(run: Run) -> None:
    assert rollups.missing(connection) == []
    rollups.remove(connection)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.FAILED.code)
    assert len(rollups.missing(connection)) == 3
    assert kept() != counted()
    rollups.restore(connection)
    assert rollups.missing(connection) == []
    assert kept() == counted()


def test_a_change_without_a_new_status_adds_no_row(run: Run) -> None:
    before = RunCount.objects.count()
    run.name = "another"
    run.save()
    assert RunCount.objects.count() == before


def test_a_merge_leaves_rows_that_are_alone_in_their_group(
    run: Run, workspace: Workspace, actor: Actor, now: int
) -> None:
    rollups.merge_run_counts()
    [before] = RunCount.objects.values_list("pk", flat=True)
    other = create_experiment(workspace, "other", actor=actor, now=now)
    for _each in range(2):
        create_run(other, actor=actor, now=now)
    assert rollups.merge_run_counts() == 1
    [first, _second] = RunCount.objects.order_by("pk").values_list("pk", flat=True)
    assert first == before


def test_counts_that_add_up_to_nothing_leave_no_row(
    run: Run, actor: Actor, now: int
) -> None:
    trash_run(run, actor=actor, now=now)
    assert rollups.merge_run_counts() == 2
    assert not RunCount.objects.exists()


def test_new_rows_are_merged_when_there_are_many(
    experiment: Experiment,
    actor: Actor,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rollups, "ROWS_PER_MERGE", 4)
    merges = rollups.RunCountMerges()
    saved = []
    for _each in range(13):
        create_run(experiment, actor=actor, now=now)
        saved.append(merges.merge_if_many())
    assert [n for n in saved if n] == [4, 4, 4] == saved[4::4]
    assert kept() == counted()
