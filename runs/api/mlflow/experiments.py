"""experiments/…: get, create, change, delete, restore, and their tags."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.db import transaction

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.experiments import experiments as actions
from runs.api.mlflow.entities import NOTE_TAG, experiments_json
from runs.api.mlflow.enums import is_deleted
from runs.api.mlflow.errors import invalid
from runs.api.mlflow.find import (
    OfExperiment,
    experiment_by_id,
    required,
    writable_experiment,
)
from runs.api.mlflow.http import endpoint, workspace_of
from runs.api.mlflow.tags import Pair, read_pairs
from runs.models import Experiment
from studio.core.errors import AlreadyExists, InvalidState, NotFound
from studio.core.names import check_experiment_name, check_mlflow_key, check_value

#: Storages that clients reach themselves. Local paths would be the client's own disk.
STORAGES = frozenset(
    {"s3", "gs", "wasb", "wasbs", "abfs", "abfss", "dbfs", "hdfs", "viewfs", "r2"}
    | {"b2", "ftp", "sftp", "http", "https", "uc"}
)


class GetByName(msgspec.Struct):
    experiment_name: str = ""


class Create(msgspec.Struct):
    name: str = ""
    artifact_location: str = ""
    tags: list[Pair] = []


class Update(OfExperiment):
    new_name: str = ""


class SetTag(OfExperiment):
    key: str = ""
    value: str = ""


class DeleteTag(OfExperiment):
    key: str = ""


def reply(experiment: Experiment) -> dict[str, Any]:
    return {"experiment": experiments_json([experiment])[0]}


@endpoint(Permission.READ, OfExperiment)
def get(request: StudioRequest, body: OfExperiment) -> dict[str, Any]:
    return reply(experiment_by_id(request, body.experiment_id))


@endpoint(Permission.READ, GetByName)
def get_by_name(request: StudioRequest, body: GetByName) -> dict[str, Any]:
    name = required(body.experiment_name, "experiment_name")
    found = Experiment.objects.filter(workspace=workspace_of(request), name=name)
    experiment = found.first() if "\x00" not in name else None
    if experiment is None:
        raise NotFound(f"Could not find experiment with name '{name}'")
    return reply(experiment)


@endpoint(Permission.LOG, Create)
def create(request: StudioRequest, body: Create) -> dict[str, Any]:
    name = check_experiment_name(required(body.name, "name"))
    tags = read_pairs(body.tags, "tags")
    try:
        experiment = actions.create_experiment(
            workspace_of(request),
            name,
            actor=request.actor,
            now=now_ms(),
            tags=tags,
            artifact_location=check_location(body.artifact_location),
            description=tags.get(NOTE_TAG, ""),
        )
    except AlreadyExists as error:
        raise AlreadyExists(
            f"Experiment(name={name}) already exists. Error: {error.message}"
        ) from error
    return {"experiment_id": str(experiment.number)}


def check_location(location: str) -> str:
    """A storage that clients reach by themselves, or "" for the server's own."""
    if not location:
        return ""
    scheme = scheme_of(location)
    if scheme in ("", "file", "mlflow-artifacts"):
        return ""
    if scheme not in STORAGES or len(location) > 2000:
        raise invalid(
            "artifact_location",
            location,
            "Leave it out, and the server keeps the files, or name a storage that "
            f"clients reach themselves: one of {sorted(STORAGES)}.",
        )
    return location


def scheme_of(location: str) -> str:
    try:
        return urlsplit(location).scheme.lower()
    except ValueError as error:
        raise invalid("artifact_location", location, f"{error}.") from error


def describe(
    request: StudioRequest, experiment: Experiment, tags: dict[str, str]
) -> None:
    if tags.get(NOTE_TAG, experiment.description) != experiment.description:
        actions.describe_experiment(
            experiment, tags[NOTE_TAG], actor=request.actor, now=now_ms()
        )


@endpoint(Permission.ANNOTATE, Update)
def update(request: StudioRequest, body: Update) -> dict[str, Any]:
    experiment = experiment_by_id(request, body.experiment_id)
    name = check_experiment_name(required(body.new_name, "new_name"))
    if is_deleted(experiment):
        raise InvalidState("Cannot rename a non-active experiment.")
    actions.rename_experiment(experiment, name, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.TRASH, OfExperiment)
def delete(request: StudioRequest, body: OfExperiment) -> dict[str, Any]:
    experiment = experiment_by_id(request, body.experiment_id)
    if is_deleted(experiment):
        raise NotFound(f"No Experiment with id={body.experiment_id} exists")
    if experiment.number == 0:
        raise InvalidState(
            f"The experiment {experiment.name} (0) cannot be deleted: runs that name "
            "no experiment are logged there."
        )
    actions.delete_experiment(experiment, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.TRASH, OfExperiment)
def restore(request: StudioRequest, body: OfExperiment) -> dict[str, Any]:
    experiment = experiment_by_id(request, body.experiment_id)
    if not is_deleted(experiment):
        raise NotFound(
            f"Experiment {body.experiment_id} is not deleted, so it cannot be restored."
        )
    actions.restore_experiment(experiment, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.ANNOTATE, SetTag)
@transaction.atomic
def set_tag(request: StudioRequest, body: SetTag) -> dict[str, Any]:
    experiment = writable_experiment(request, body.experiment_id)
    key = check_mlflow_key(required(body.key, "key"), "key")
    value = check_value(body.value, "value")
    actions.set_experiment_tag(
        experiment, key, value, actor=request.actor, now=now_ms()
    )
    describe(request, experiment, {key: value})
    return {}


@endpoint(Permission.ANNOTATE, DeleteTag)
@transaction.atomic
def delete_tag(request: StudioRequest, body: DeleteTag) -> dict[str, Any]:
    experiment = writable_experiment(request, body.experiment_id)
    key = required(body.key, "key")
    if not experiment.tags.filter(key=key.replace("\x00", "")).exists():
        raise NotFound(
            f"No tag with name: {key} in experiment with id {body.experiment_id}"
        )
    actions.delete_experiment_tag(experiment, key, actor=request.actor, now=now_ms())
    describe(request, experiment, {NOTE_TAG: ""} if key == NOTE_TAG else {})
    return {}
