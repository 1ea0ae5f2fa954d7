"""What a request names, in the caller's workspace; errors in MLflow's words."""

from __future__ import annotations

import msgspec

from runs.access.rules import StudioRequest
from runs.actions.experiments.experiments import WAY_OUT
from runs.api.mlflow.enums import is_deleted
from runs.api.mlflow.errors import invalid, missing
from runs.api.mlflow.http import workspace_of
from runs.models import Experiment, LoggedModel, Run
from runs.storage.prepared import Prepared
from studio.core.errors import InvalidState, NotFound

_MAX_NUMBER = 2**31 - 1

_runs = Prepared(
    lambda workspace, run_id: Run.objects.filter(
        workspace_id=workspace, run_id=run_id
    ).select_related("experiment", "submitter")
)
_runs_alone = Prepared(
    lambda workspace, run_id: Run.objects.filter(workspace_id=workspace, run_id=run_id)
)
_experiments = Prepared(
    lambda workspace, number: Experiment.objects.filter(
        workspace_id=workspace, number=number
    )
)


class OfRun(msgspec.Struct):
    """A request about a run, by its id or by the name that it had in MLflow 1."""

    run_id: str = ""
    run_uuid: str = ""


class OfExperiment(msgspec.Struct):
    experiment_id: str = ""


def required(value: str, name: str) -> str:
    if not value:
        raise missing(name)
    return value


def run_of(request: StudioRequest, body: OfRun) -> Run:
    """The run, deleted or not."""
    run_id = required(body.run_id or body.run_uuid, "run_id")
    return run_by_id(request, run_id)


def run_to_log(request: StudioRequest, body: OfRun) -> Run:
    """The same, for what asks neither its experiment nor its submitter."""
    run_id = required(body.run_id or body.run_uuid, "run_id")
    return _found(_runs_alone, request, run_id)


def run_by_id(request: StudioRequest, run_id: str) -> Run:
    run = _found(_runs, request, run_id)
    run.experiment.workspace = run.workspace
    return run


def _found(runs: Prepared[Run], request: StudioRequest, run_id: str) -> Run:
    workspace = workspace_of(request)
    # PostgreSQL does not even look for NUL.
    run = runs.first(workspace.pk, run_id) if "\x00" not in run_id else None
    if run is None:
        raise NotFound(f"Run with id={run_id} not found")
    run.workspace = workspace
    return run


def number_of(experiment_id: str) -> int:
    """An experiment's number out of the text that the protocol makes of it."""
    if not (experiment_id.isascii() and experiment_id.isdecimal()):
        raise invalid("experiment_id", experiment_id, "An experiment's id is a number.")
    # Python refuses to read thousands of digits, and the column holds 31 bits.
    digits = experiment_id.lstrip("0") or "0"
    return int(digits) if len(digits) <= 10 else _MAX_NUMBER + 1


def experiment_by_id(request: StudioRequest, experiment_id: str) -> Experiment:
    """The experiment, deleted or not."""
    number = number_of(required(experiment_id, "experiment_id"))
    workspace = workspace_of(request)
    experiment = (
        _experiments.first(workspace.pk, number) if number <= _MAX_NUMBER else None
    )
    if experiment is None:
        raise NotFound(f"No Experiment with id={experiment_id} exists")
    experiment.workspace = workspace
    return experiment


def writable_experiment(request: StudioRequest, experiment_id: str) -> Experiment:
    """The experiment, which must not be deleted."""
    experiment = experiment_by_id(request, experiment_id)
    if is_deleted(experiment):
        raise InvalidState(
            f"The experiment {experiment_id} must be in the 'active' state. "
            f"Current state is deleted. It is in the trash: {WAY_OUT}."
        )
    return experiment


def model_by_id(
    request: StudioRequest, model_id: str, *, allow_deleted: bool = False
) -> LoggedModel:
    """The logged model with its experiment."""
    found = LoggedModel.objects.filter(workspace=workspace_of(request))
    model = (
        found.filter(model_id=model_id).select_related("experiment").first()
        if "\x00" not in model_id
        else None
    )
    if model is None or (model.deleted is not None and not allow_deleted):
        raise NotFound(f"Logged model with ID '{model_id}' not found.")
    return model
