"""What the sections of client_script share."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
UNIQUE = uuid.uuid4().hex[:8]
EXPERIMENT = f"client {mlflow.__version__} {UNIQUE}"


def takes(function: Callable[..., Any], name: str) -> bool:
    return name in inspect.signature(function).parameters


def runs_found(text: str, **options: Any) -> list[Any]:
    client = MlflowClient()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return list(client.search_runs([experiment.experiment_id], text, **options))


def refused(call: Callable[[], Any]) -> str:
    """The message with which the server refuses the call."""
    try:
        call()
    except MlflowException as error:
        return str(error)
    raise AssertionError("The call was not refused")
