"""Invented runs, logged by an MLflow client as a script's own would be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from studio.core import statuses
from tests.bench.data.invented import Curve, Invented

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

_STATUS = {
    statuses.RunStatus.COMPLETED: "FINISHED",
    statuses.RunStatus.FAILED: "FAILED",
    statuses.RunStatus.CANCELED: "KILLED",
}


def log_runs(
    client: MlflowClient,
    runs: Iterable[Invented],
    experiments: Sequence[str],
    curves: Sequence[Curve],
) -> list[str]:
    """Three calls a run: create, one batch, end. Returns the ids in order."""
    # Importing it needs more than a second, and tests import this module.
    from mlflow.entities import Param, RunTag

    made: list[str] = []
    for run in runs:
        made.append(_start(client, run, experiments, made))
        client.log_batch(
            made[-1],
            metrics=_metrics(run, curves),
            params=[Param(key, value) for key, value in run.params.items()],
            tags=[RunTag(key, value) for key, value in run.tags.items()],
        )
        if run.status in _STATUS:
            client.set_terminated(made[-1], _STATUS[run.status], run.ended)
    return made


def _start(
    client: MlflowClient, run: Invented, experiments: Sequence[str], made: list[str]
) -> str:
    from mlflow.entities import RunStatus

    given = dict(run.given)
    if run.parent is not None:
        given["mlflow.parentRunId"] = made[run.parent]
    created = client.create_run(
        experiments[run.experiment], run.started, given, run.name
    )
    assert RunStatus.to_string(RunStatus.RUNNING) == created.info.status
    run_id: str = created.info.run_id
    return run_id


def _metrics(run: Invented, curves: Sequence[Curve]) -> list[Metric]:
    from mlflow.entities import Metric

    return [
        Metric(key, value, run.started + offset, step)
        for key, number in run.series.items()
        for step, offset, value in curves[number].points
    ]
