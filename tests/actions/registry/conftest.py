"""What tests of the registry begin with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.actions import registry
from runs.actions.actor import Actor
from runs.actions.ingest import create_logged_model
from runs.models import (
    Experiment,
    LoggedModel,
    ModelVersion,
    RegisteredModel,
    Run,
    Workspace,
)

Register = Callable[..., ModelVersion]


@pytest.fixture
def model(workspace: Workspace, actor: Actor, now: int) -> RegisteredModel:
    return registry.create_model(workspace, "churn", actor=actor, now=now)


@pytest.fixture
def logged(experiment: Experiment, run: Run, actor: Actor, now: int) -> LoggedModel:
    return create_logged_model(
        experiment, "net", actor=actor, now=now, source_run_id=run.run_id
    )


@pytest.fixture
def register(
    model: RegisteredModel, workspace: Workspace, run: Run, actor: Actor, now: int
) -> Register:
    """Register files of the run as a version of `churn`, or another source."""

    def call(source: str = "", **more: object) -> ModelVersion:
        place = source or f"runs:/{run.run_id}/model"
        arguments: dict[str, object] = {"actor": actor, "now": now, **more}
        return registry.register_version(
            workspace,
            "churn",
            place,
            **arguments,  # type: ignore[arg-type]
        )

    return call
