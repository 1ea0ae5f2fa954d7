"""MLflow: create, get, update, delete and restore runs.

MLflow knows five statuses and allows any change. RUNNING reopens a final run, because
clients resume runs. `runs.actions.run` ignores what a script reports about a run that a
launcher owns, except a failure.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction

from runs.access import Permission, StudioRequest
from runs.actions import run as run_actions
from runs.actions.actor import Actor
from runs.actions.run import generate_run_name
from runs.api.mlflow.decoding import WireNumber, read_time
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.enums import parse_status
from runs.api.mlflow.errors import invalid_parameter
from runs.api.mlflow.lookups import RunRequest, find_active_experiment, find_run
from runs.api.mlflow.replies import (
    NAME_TAG,
    NOTE_TAG,
    PARENT_TAG,
    USER_TAG,
    new_run_json,
    params_or_tags_by_run,
    run_info,
    run_json,
)
from runs.api.mlflow.tags import KeyValue, read_key_values
from runs.models import Run, RunTag, now_ms
from studio.core.filters.mlflow import status_word
from studio.core.names import check_display_name, check_run_id
from studio.core.statuses import RunStatus, can_follow

SOURCE_NAME_TAG, SOURCE_TYPE_TAG = "mlflow.source.name", "mlflow.source.type"
#: A script sets this tag before its run fails, to say why.
ERROR_TAG = "error"
#: The widths of the columns of a run.
MAX_SCRIPT_LENGTH, MAX_TYPE_LENGTH = 2000, 100


class CreateRun(msgspec.Struct):
    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: WireNumber | None = None
    tags: list[KeyValue] = []


class UpdateRun(RunRequest):
    status: str | int = ""
    end_time: WireNumber | None = None
    run_name: str = ""


@endpoint(Permission.LOG, CreateRun, scoped_tokens=True)
def create(request: StudioRequest, body: CreateRun) -> dict[str, Any]:
    # Clients without `set_experiment` log to experiment 0, which always exists.
    experiment = find_active_experiment(request, body.experiment_id or "0")
    tags = read_key_values(body.tags, "tags")
    name = choose_run_name(body.run_name, tags)
    if body.user_id:
        tags.setdefault(USER_TAG, body.user_id)
    parent = tags.get(PARENT_TAG, "")
    now = now_ms()
    started = body.start_time
    run = run_actions.create_run(
        experiment,
        actor=request.actor,
        now=now,
        name=name,
        started=now if started is None else read_time(started, "start_time"),
        parent_run_id=check_run_id(parent, PARENT_TAG) if parent else "",
        tags=tags,
        description=tags.get(NOTE_TAG, ""),
        # The tags keep the whole text if these fields are too short for it.
        script=tags.get(SOURCE_NAME_TAG, "")[:MAX_SCRIPT_LENGTH],
        type=tags.get(SOURCE_TYPE_TAG, "")[:MAX_TYPE_LENGTH],
    )
    return {"run": new_run_json(run, tags)}


def choose_run_name(name: str, tags: dict[str, str]) -> str:
    """Return the name from the field or tag, which must agree; set the tag too."""
    tag = tags.get(NAME_TAG, "")
    if name and tag and name != tag:
        raise invalid_parameter(
            "run_name", name, f"The tag {NAME_TAG!r} is {tag!r}. Give one name only."
        )
    tags[NAME_TAG] = check_display_name(name or tag or generate_run_name(), "run_name")
    return tags[NAME_TAG]


@endpoint(Permission.READ, RunRequest)
def get(request: StudioRequest, body: RunRequest) -> dict[str, Any]:
    return {"run": run_json(find_run(request, body))}


@endpoint(Permission.LOG, UpdateRun, scoped_tokens=True)
def update(request: StudioRequest, body: UpdateRun) -> dict[str, Any]:
    run, tags = _update(request, body)
    if run.state is RunStatus.FAILED:
        # MLflow's clients report that a run failed, but not why.
        run_actions.set_error_from_log(run, now=now_ms())
    return {"run_info": run_info(run, tags.get(USER_TAG, ""))}


@transaction.atomic
def _update(request: StudioRequest, body: UpdateRun) -> tuple[Run, dict[str, str]]:
    run = find_run(request, body)
    now = now_ms()
    if body.run_name and body.run_name != run.name:
        name = check_display_name(body.run_name, "run_name")
        run_actions.rename_run(run, name, actor=request.actor, now=now)
        run_actions.set_run_tags(run, {NAME_TAG: name}, actor=request.actor, now=now)
    ended = None if body.end_time is None else read_time(body.end_time, "end_time")
    tags = params_or_tags_by_run(RunTag, [run.pk])[run.pk]
    if body.status != "":
        wanted = parse_status(body.status)
        error = tags.get(ERROR_TAG, "") if wanted is RunStatus.FAILED else ""
        run = update_status(
            run, wanted, ended, error=error, actor=request.actor, now=now
        )
    return run, tags


@endpoint(Permission.TRASH, RunRequest)
def delete(request: StudioRequest, body: RunRequest) -> dict[str, Any]:
    run_actions.trash_run(find_run(request, body), actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.TRASH, RunRequest)
def restore(request: StudioRequest, body: RunRequest) -> dict[str, Any]:
    run_actions.restore_run(find_run(request, body), actor=request.actor, now=now_ms())
    return {}


#: Statuses between two that the table of statuses does not connect directly.
_INTERMEDIATE_STATUSES = (RunStatus.RUNNING, RunStatus.CANCEL_REQUESTED)


def update_status(
    run: Run,
    wanted: RunStatus,
    ended: int | None,
    *,
    error: str,
    actor: Actor,
    now: int,
) -> Run:
    """Change the status as the update means; raise IllegalTransition."""
    if wanted is RunStatus.RUNNING:
        return resume_run(run, actor=actor, now=now)
    # Several statuses share one MLflow name, so the client sees no change here.
    if status_word(run.state) == status_word(wanted) and not wanted.is_final:
        return run
    # For a launcher's run most reports of the script are ignored, so no step is needed.
    for via in () if run.launcher else intermediate_statuses(run.state, wanted):
        run = run_actions.change_status(run, via, actor=actor, now=now)
    return run_actions.change_status(
        run, wanted, actor=actor, now=now, message=error, ended=ended
    )


def resume_run(run: Run, *, actor: Actor, now: int) -> Run:
    if run.state.is_final:
        return run_actions.reopen_run(run, actor=actor, now=now)
    if can_follow(run.state, RunStatus.RUNNING):
        return run_actions.change_status(run, RunStatus.RUNNING, actor=actor, now=now)
    # It is running, or its cancel was requested, which a client cannot undo.
    return run


def intermediate_statuses(old: RunStatus, new: RunStatus) -> tuple[RunStatus, ...]:
    """Return the status between: a queued run that ended has run before."""
    if can_follow(old, new) or old.is_final:
        return ()
    return tuple(
        via
        for via in _INTERMEDIATE_STATUSES
        if can_follow(old, via) and can_follow(via, new)
    )[:1]
