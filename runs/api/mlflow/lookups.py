"""Find what a request names in the caller's workspace; errors in MLflow's wording."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from runs.access import StudioRequest, check_model_in_scope, check_run_in_scope
from runs.api.mlflow.endpoints import workspace_of
from runs.api.mlflow.enums import is_deleted
from runs.api.mlflow.errors import invalid_parameter, missing_parameter
from runs.models import Experiment, LoggedModel, Run
from runs.storage.prepared import Prepared
from studio.core.errors import InvalidState, NotFound
from studio.core.names import MLFLOW_SEARCH_EXPERIMENTS, check_count

#: The largest value of the column on PostgreSQL.
_MAX_NUMBER = 2**31 - 1

#: Prepared, because a script repeats these lookups with each call that logs.
_runs_with_experiment = Prepared(
    lambda workspace, run_id: Run.objects.filter(
        workspace_id=workspace, run_id=run_id
    ).select_related("experiment", "submitter")
)
_runs_by_id = Prepared(
    lambda workspace, run_id: Run.objects.filter(workspace_id=workspace, run_id=run_id)
)
_experiments = Prepared(
    lambda workspace, number: Experiment.objects.filter(
        workspace_id=workspace, number=number
    )
)


class RunRequest(msgspec.Struct):
    """A request about a run: `run_id`, or `run_uuid` as in MLflow 1."""

    run_id: str = ""
    run_uuid: str = ""


class ExperimentRequest(msgspec.Struct):
    experiment_id: str = ""


def require_value(value: str, name: str) -> str:
    if not value:
        raise missing_parameter(name)
    return value


def find_run(request: StudioRequest, body: RunRequest) -> Run:
    """Return the run, deleted or not."""
    run_id = require_value(body.run_id or body.run_uuid, "run_id")
    return find_run_by_id(request, run_id)


def find_run_to_log(request: StudioRequest, body: RunRequest) -> Run:
    """Return the run without loading its experiment and submitter."""
    run_id = require_value(body.run_id or body.run_uuid, "run_id")
    return _find_in_workspace(_runs_by_id, request, run_id)


def find_run_by_id(request: StudioRequest, run_id: str) -> Run:
    run = _find_in_workspace(_runs_with_experiment, request, run_id)
    # Both are in the caller's workspace, so reading it costs no query.
    run.experiment.workspace = run.workspace
    return run


def _find_in_workspace(runs: Prepared[Run], request: StudioRequest, run_id: str) -> Run:
    workspace = workspace_of(request)
    # PostgreSQL refuses to look for NUL.
    run = runs.first(workspace.pk, run_id) if "\x00" not in run_id else None
    if run is None:
        raise NotFound(f"Run with id={run_id} not found")
    check_run_in_scope(request, run)
    run.workspace = workspace
    return run


def parse_experiment_id(experiment_id: str) -> int:
    """Return an experiment's number from the text that the protocol uses."""
    if not (experiment_id.isascii() and experiment_id.isdecimal()):
        raise invalid_parameter(
            "experiment_id", experiment_id, "An experiment's id is a number."
        )
    # Python refuses to parse thousands of digits, and the column has 31 bits.
    digits = experiment_id.lstrip("0") or "0"
    return int(digits) if len(digits) <= 10 else _MAX_NUMBER + 1


def parse_experiment_ids(experiment_ids: Sequence[str]) -> list[int]:
    check_count(len(experiment_ids), "experiment_ids", MLFLOW_SEARCH_EXPERIMENTS)
    return sorted({parse_experiment_id(one) for one in set(experiment_ids)})


def find_experiment(request: StudioRequest, experiment_id: str) -> Experiment:
    """Return the experiment, deleted or not."""
    number = parse_experiment_id(require_value(experiment_id, "experiment_id"))
    workspace = workspace_of(request)
    experiment = (
        _experiments.first(workspace.pk, number) if number <= _MAX_NUMBER else None
    )
    if experiment is None:
        raise NotFound(f"No Experiment with id={experiment_id} exists")
    experiment.workspace = workspace
    return experiment


def find_active_experiment(request: StudioRequest, experiment_id: str) -> Experiment:
    """Return the experiment; raise InvalidState if it is deleted."""
    experiment = find_experiment(request, experiment_id)
    if is_deleted(experiment):
        raise InvalidState(
            f"The experiment {experiment_id} must be in the 'active' state. "
            f"Current state is deleted. "
            "It is in the trash: restore it, or use another name."
        )
    return experiment


def find_model(
    request: StudioRequest, model_id: str, *, allow_deleted: bool = False
) -> LoggedModel:
    """Return the logged model with its experiment."""
    found = LoggedModel.objects.filter(workspace=workspace_of(request))
    model = (
        # PostgreSQL refuses to look for NUL.
        found.filter(model_id=model_id)
        .select_related("experiment", "source_run")
        .first()
        if "\x00" not in model_id
        else None
    )
    if model is None or (model.deleted is not None and not allow_deleted):
        raise NotFound(f"Logged model with ID '{model_id}' not found.")
    check_model_in_scope(request, model)
    return model
