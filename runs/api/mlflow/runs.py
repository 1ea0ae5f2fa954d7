"""runs/…: create, get, update, delete, restore."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.run import annotate
from runs.actions.run import runs as actions
from runs.actions.run.run_names import invent_name
from runs.api.mlflow import updates
from runs.api.mlflow.decode import Wire, moment
from runs.api.mlflow.entities import (
    NAME_TAG,
    NOTE_TAG,
    PARENT_TAG,
    USER_TAG,
    run_info,
    run_json,
    texts,
)
from runs.api.mlflow.enums import status_named
from runs.api.mlflow.errors import invalid
from runs.api.mlflow.find import OfRun, run_of, writable_experiment
from runs.api.mlflow.http import endpoint
from runs.api.mlflow.tags import Pair, read_pairs
from runs.models import RunTag
from studio.core.names import check_display_name, check_run_id

SOURCE_NAME_TAG, SOURCE_TYPE_TAG = "mlflow.source.name", "mlflow.source.type"
MAX_SCRIPT, MAX_TYPE = 2000, 100


class Create(msgspec.Struct):
    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: Wire | None = None
    tags: list[Pair] = []


class Update(OfRun):
    status: str | int = ""
    end_time: Wire | None = None
    run_name: str = ""


@endpoint(Permission.LOG, Create)
@transaction.atomic
def create(request: StudioRequest, body: Create) -> dict[str, Any]:
    experiment = writable_experiment(request, body.experiment_id or "0")
    tags = read_pairs(body.tags, "tags")
    name = chosen_name(body.run_name, tags)
    if body.user_id:
        tags.setdefault(USER_TAG, body.user_id)
    parent = tags.get(PARENT_TAG, "")
    now = now_ms()
    started = body.start_time
    run = actions.create_run(
        experiment,
        actor=request.actor,
        now=now,
        name=name,
        started=now if started is None else moment(started, "start_time"),
        parent_run_id=check_run_id(parent, PARENT_TAG) if parent else "",
        tags=tags,
        description=tags.get(NOTE_TAG, ""),
        # The tags keep the whole text where these fields are too short for it.
        script=tags.get(SOURCE_NAME_TAG, "")[:MAX_SCRIPT],
        type=tags.get(SOURCE_TYPE_TAG, "")[:MAX_TYPE],
    )
    return {"run": run_json(run)}


def chosen_name(name: str, tags: dict[str, str]) -> str:
    """The run's name by field or tag, which must agree; the tag is written too."""
    tag = tags.get(NAME_TAG, "")
    if name and tag and name != tag:
        raise invalid(
            "run_name", name, f"The tag {NAME_TAG!r} says {tag!r}; give one name only."
        )
    tags[NAME_TAG] = check_display_name(name or tag or invent_name(), "run_name")
    return tags[NAME_TAG]


@endpoint(Permission.READ, OfRun)
def get(request: StudioRequest, body: OfRun) -> dict[str, Any]:
    return {"run": run_json(run_of(request, body))}


@endpoint(Permission.LOG, Update)
@transaction.atomic
def update(request: StudioRequest, body: Update) -> dict[str, Any]:
    run = run_of(request, body)
    now = now_ms()
    if body.run_name and body.run_name != run.name:
        name = check_display_name(body.run_name, "run_name")
        annotate.rename(run, name, actor=request.actor, now=now)
        annotate.set_tags(run, {NAME_TAG: name}, actor=request.actor, now=now)
    ended = None if body.end_time is None else moment(body.end_time, "end_time")
    if body.status != "":
        wanted = status_named(body.status)
        run = updates.apply_status(run, wanted, ended, actor=request.actor, now=now)
    user = texts(RunTag, [run.pk])[run.pk].get(USER_TAG, "")
    return {"run_info": run_info(run, user)}


@endpoint(Permission.TRASH, OfRun)
def delete(request: StudioRequest, body: OfRun) -> dict[str, Any]:
    actions.trash_run(run_of(request, body), actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.TRASH, OfRun)
def restore(request: StudioRequest, body: OfRun) -> dict[str, Any]:
    actions.restore_run(run_of(request, body), actor=request.actor, now=now_ms())
    return {}
