"""How many statements a script's requests take: most of their time passes there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from runs.models import Run, now_ms
from tests.api.mlflow.test_mlflow_log import batch
from tests.api.protocol import Mlflow

#: Of them two look up the token and the membership. The test's own transaction turns
#: the one of the request into a savepoint, which is set and released.
STATEMENTS = {
    "runs/log-metric": 10,
    "runs/log-parameter": 9,
    "runs/set-tag": 14,
    # One of them keeps the change for notifications.
    "runs/update": 12,
}
BATCHES = {"metrics": 12, "params": 9, "tags": 14}


def prepare(mlflow: Mlflow) -> str:
    """A run, after another one has used the same names."""
    for _ in range(2):
        run_id = mlflow.new_run()
        if Run.objects.count() == 1:
            everything = batch(metrics=NUMBERS, params=TEXTS, tags=TEXTS)
            mlflow.post("runs/log-batch", run_id=run_id, **everything)
    return run_id


NUMBERS = {"loss": 0.5, "acc": 0.25, "lr": 0.125}
TEXTS = {"a": "1", "b": "2", "c": "3"}
BODIES: dict[str, dict[str, object]] = {
    "runs/log-metric": {"key": "loss", "value": 1.5, "timestamp": 9, "step": 1},
    "runs/log-parameter": {"key": "a", "value": "1"},
    "runs/set-tag": {"key": "a", "value": "1"},
    "runs/update": {"status": "FINISHED", "end_time": now_ms()},
}


@pytest.mark.parametrize("path", STATEMENTS)
def test_a_call_takes_few_statements(
    mlflow: Mlflow, path: str, django_assert_max_num_queries: Any
) -> None:
    run_id = prepare(mlflow)
    if path == "runs/log-metric":
        mlflow.log(run_id, "loss", 0.5)
    with django_assert_max_num_queries(STATEMENTS[path]):
        mlflow.post(path, run_id=run_id, **BODIES[path])


@pytest.mark.parametrize("kind", BATCHES)
def test_a_batch_takes_few_statements(
    mlflow: Mlflow, kind: str, django_assert_max_num_queries: Any
) -> None:
    run_id = prepare(mlflow)
    values = NUMBERS if kind == "metrics" else TEXTS
    with django_assert_max_num_queries(BATCHES[kind]):
        mlflow.post("runs/log-batch", run_id=run_id, **batch(**{kind: values}))


def test_a_new_run_takes_few_statements_and_is_returned_as_it_is_read(
    mlflow: Mlflow, django_assert_max_num_queries: Any
) -> None:
    prepare(mlflow)
    tags = [
        {"key": key, "value": f"value of {key}"}
        for key in ("b", "mlflow.user", "a", "mlflow.note.content", "empty")
    ]
    is_postgresql = connection.vendor == "postgresql"
    with django_assert_max_num_queries(16 + is_postgresql):
        created = mlflow.post("runs/create", experiment_id="0", tags=tags)["run"]
    assert created == mlflow.run(created["info"]["run_id"])
