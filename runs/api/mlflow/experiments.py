"""MLflow: get, create, change, delete, restore and tag experiments."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.db import transaction

from runs.access import Permission, StudioRequest
from runs.actions import experiments as experiment_actions
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.enums import is_deleted
from runs.api.mlflow.errors import invalid_parameter
from runs.api.mlflow.lookups import (
    ExperimentRequest,
    find_active_experiment,
    find_experiment,
    require_value,
)
from runs.api.mlflow.replies import NOTE_TAG, experiments_json
from runs.api.mlflow.tags import KeyValue, read_key_values
from runs.models import Experiment, now_ms
from studio.core.errors import AlreadyExists, InvalidState, NotFound
from studio.core.names import check_experiment_name, check_mlflow_key, check_value

#: URL schemes of storages that clients access themselves; a local path would be the
#: client's own disk.
CLIENT_STORAGE_SCHEMES = frozenset(
    {"s3", "gs", "wasb", "wasbs", "abfs", "abfss", "dbfs", "hdfs", "viewfs", "r2"}
    | {"b2", "ftp", "sftp", "http", "https", "uc"}
)


class GetByName(msgspec.Struct):
    experiment_name: str = ""


class CreateExperiment(msgspec.Struct):
    name: str = ""
    artifact_location: str = ""
    tags: list[KeyValue] = []


class UpdateExperiment(ExperimentRequest):
    new_name: str = ""


class SetTag(ExperimentRequest):
    key: str = ""
    value: str = ""


class DeleteTag(ExperimentRequest):
    key: str = ""


def experiment_reply(experiment: Experiment) -> dict[str, Any]:
    return {"experiment": experiments_json([experiment])[0]}


@endpoint(Permission.READ, ExperimentRequest)
def get(request: StudioRequest, body: ExperimentRequest) -> dict[str, Any]:
    return experiment_reply(find_experiment(request, body.experiment_id))


@endpoint(Permission.READ, GetByName)
def get_by_name(request: StudioRequest, body: GetByName) -> dict[str, Any]:
    # A deleted experiment is found too: `set_experiment` then reports it.
    name = require_value(body.experiment_name, "experiment_name")
    # PostgreSQL refuses a NUL character in a query, and no name contains one.
    found = Experiment.objects.filter(workspace=workspace_of(request), name=name)
    experiment = found.first() if "\x00" not in name else None
    if experiment is None:
        raise NotFound(f"Could not find experiment with name '{name}'")
    return experiment_reply(experiment)


@endpoint(Permission.LOG, CreateExperiment, scoped_tokens=True)
def create(request: StudioRequest, body: CreateExperiment) -> dict[str, Any]:
    name = check_experiment_name(require_value(body.name, "name"))
    tags = read_key_values(body.tags, "tags")
    try:
        experiment = experiment_actions.create_experiment(
            workspace_of(request),
            name,
            actor=request.actor,
            now=now_ms(),
            tags=tags,
            artifact_location=check_artifact_location(body.artifact_location),
            description=tags.get(NOTE_TAG, ""),
        )
    except AlreadyExists as error:
        raise AlreadyExists(
            f"Experiment(name={name}) already exists. Error: {error.message}"
        ) from error
    return {"experiment_id": str(experiment.number)}


def check_artifact_location(location: str) -> str:
    """Return the URL of a storage of the clients, or "" for the server's own."""
    if not location:
        return ""
    scheme = url_scheme(location)
    # Such a location is on the client's own disk or on this server, so the server
    # stores the files.
    if scheme in ("", "file", "mlflow-artifacts"):
        return ""
    if scheme not in CLIENT_STORAGE_SCHEMES or len(location) > 2000:
        raise invalid_parameter(
            "artifact_location",
            location,
            "Leave it out to store files on the server, or use a storage that "
            f"clients can access: one of {sorted(CLIENT_STORAGE_SCHEMES)}.",
        )
    return location


def url_scheme(location: str) -> str:
    try:
        return urlsplit(location).scheme.lower()
    except ValueError as error:
        raise invalid_parameter("artifact_location", location, f"{error}.") from error


def update_description(
    request: StudioRequest, experiment: Experiment, tags: dict[str, str]
) -> None:
    # Without a change there is nothing to record in the history.
    if tags.get(NOTE_TAG, experiment.description) != experiment.description:
        experiment_actions.describe_experiment(
            experiment, tags[NOTE_TAG], actor=request.actor, now=now_ms()
        )


@endpoint(Permission.ANNOTATE, UpdateExperiment)
def update(request: StudioRequest, body: UpdateExperiment) -> dict[str, Any]:
    experiment = find_experiment(request, body.experiment_id)
    name = check_experiment_name(require_value(body.new_name, "new_name"))
    if is_deleted(experiment):
        raise InvalidState("Cannot rename a non-active experiment.")
    experiment_actions.rename_experiment(
        experiment, name, actor=request.actor, now=now_ms()
    )
    return {}


@endpoint(Permission.TRASH, ExperimentRequest)
def delete(request: StudioRequest, body: ExperimentRequest) -> dict[str, Any]:
    experiment = find_experiment(request, body.experiment_id)
    # MLflow's server reports 404 here too, although it still returns the experiment
    # itself.
    if is_deleted(experiment):
        raise NotFound(f"No Experiment with id={body.experiment_id} exists")
    if experiment.number == 0:
        raise InvalidState(
            f"The experiment {experiment.name} (0) can't be deleted: runs "
            "without an experiment are logged there."
        )
    experiment_actions.delete_experiment(experiment, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.TRASH, ExperimentRequest)
def restore(request: StudioRequest, body: ExperimentRequest) -> dict[str, Any]:
    experiment = find_experiment(request, body.experiment_id)
    if not is_deleted(experiment):
        raise NotFound(
            f"Experiment {body.experiment_id} is not deleted, so it cannot be restored."
        )
    experiment_actions.restore_experiment(experiment, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.ANNOTATE, SetTag)
@transaction.atomic
def set_tag(request: StudioRequest, body: SetTag) -> dict[str, Any]:
    experiment = find_active_experiment(request, body.experiment_id)
    key = check_mlflow_key(require_value(body.key, "key"), "key")
    value = check_value(body.value, "value")
    experiment_actions.set_experiment_tag(
        experiment, key, value, actor=request.actor, now=now_ms()
    )
    update_description(request, experiment, {key: value})
    return {}


@endpoint(Permission.ANNOTATE, DeleteTag)
@transaction.atomic
def delete_tag(request: StudioRequest, body: DeleteTag) -> dict[str, Any]:
    experiment = find_active_experiment(request, body.experiment_id)
    key = require_value(body.key, "key")
    # Without the NUL character, which PostgreSQL refuses in a query.
    if not experiment.tags.filter(key=key.replace("\x00", "")).exists():
        raise NotFound(
            f"No tag with name: {key} in experiment with id {body.experiment_id}"
        )
    experiment_actions.delete_experiment_tag(
        experiment, key, actor=request.actor, now=now_ms()
    )
    update_description(request, experiment, {NOTE_TAG: ""} if key == NOTE_TAG else {})
    return {}
