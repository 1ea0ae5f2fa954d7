"""Writers at the same time, on threads with connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.lifecycle import change_status
from runs.actions.run.run_edits import set_run_tags
from runs.actions.run.runs import create_run
from runs.models import (
    Experiment,
    Key,
    Metric,
    Run,
    RunEvent,
    Workspace,
    now_ms,
)
from runs.storage.metrics import store
from studio.core.errors import AlreadyExists
from studio.core.statuses import RunStatus

WRITERS = 4

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def experiment(committed: None) -> Experiment:
    workspace = Workspace.objects.create(name="default")
    return create_experiment(workspace, "digits", actor=Actor(), now=now_ms())


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return create_run(experiment, run_id="run-1", actor=Actor(), now=now_ms())


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """What each of four threads got, all started together."""

    def work(number: int) -> Any:
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, range(WRITERS)))


def test_writers_of_one_series_lose_no_point(run: Run) -> None:
    def write(writer: int) -> None:
        own = Run.objects.get(pk=run.pk)
        for sequence in range(20):
            points = [
                Point("loss", float(writer), now_ms(), sequence * 20 + i)
                for i in range(20)
            ]
            batch = (f"w{writer}", sequence)
            log_metrics(own, points, actor=Actor(), now=now_ms(), batch=batch)

    at_once(write)
    metric = Metric.objects.get()
    points = store.read(metric)
    assert metric.count == len(points) == WRITERS * 400
    for writer in range(WRITERS):
        own = points.steps[points.values == writer].tolist()
        assert sorted(own) == list(range(400))


def test_one_batch_sent_by_many_is_applied_once(run: Run) -> None:
    def send(_: int) -> int:
        own = Run.objects.get(pk=run.pk)
        points = [Point("loss", 1.0, now_ms())] * 5
        return log_metrics(own, points, actor=Actor(), now=now_ms(), batch=("w", 1))

    assert sorted(at_once(send)) == [0, 0, 0, 5]


def test_runs_created_concurrently_have_different_numbers(
    experiment: Experiment,
) -> None:
    def make(_: int) -> list[int]:
        return [
            create_run(experiment, actor=Actor(), now=now_ms()).number for _ in range(5)
        ]

    numbers = [number for made in at_once(make) for number in made]
    assert sorted(numbers) == list(range(1, WRITERS * 5 + 1))


def test_concurrent_creations_with_one_id_create_one_run(
    experiment: Experiment,
) -> None:
    def make(number: int) -> str:
        home = create_experiment(
            experiment.workspace, f"e{number}", actor=Actor(), now=now_ms()
        )
        try:
            create_run(home, run_id="same", actor=Actor(), now=now_ms())
        except AlreadyExists:
            return "refused"
        return "made"

    assert sorted(at_once(make)) == ["made", "refused", "refused", "refused"]
    assert Run.objects.filter(run_id="same").count() == 1


def test_an_experiment_created_concurrently_exists_once(experiment: Experiment) -> None:
    def make(_: int) -> str:
        try:
            create_experiment(experiment.workspace, "new", actor=Actor(), now=now_ms())
        except AlreadyExists:
            return "refused"
        return "made"

    assert sorted(at_once(make)) == ["made", "refused", "refused", "refused"]


def test_new_keys_used_concurrently_are_created_once(experiment: Experiment) -> None:
    runs = [create_run(experiment, actor=Actor(), now=now_ms()) for _ in range(WRITERS)]

    def tag(number: int) -> None:
        tags: dict[str, str | None] = {f"k{i}": str(number) for i in range(20)}
        set_run_tags(runs[number], tags, actor=Actor(), now=now_ms())

    at_once(tag)
    assert Key.objects.count() == 20


def test_a_run_ended_concurrently_ends_once(run: Run) -> None:
    ends = [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED] * 2

    def end(number: int) -> None:
        own = Run.objects.get(pk=run.pk)
        change_status(own, ends[number], actor=Actor(), now=now_ms())

    at_once(end)
    steps = RunEvent.objects.filter(run=run, old=RunStatus.RUNNING.code)
    assert steps.count() == 1
    assert Run.objects.get(pk=run.pk).status == steps.get().new
