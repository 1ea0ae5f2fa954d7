"""REST: resubmit runs, alone or as a sweep."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, workspace_of
from runs.actions import compute as compute_actions
from runs.actions import run as run_actions
from runs.actions import submit as submit_actions
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.lookups import find_run
from runs.api.v1.replies import run_info
from runs.api.v1.schemas import (
    NewSweep,
    Resubmission,
    RunInfo,
    SweepReply,
    SweepStart,
)
from runs.models import LOCAL_TARGET, Run, RunProperty, Sweep, now_ms
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidState, NotFound
from studio.core.launcher_properties import RESUBMITTED_FROM_PROPERTY


@endpoint("POST", Permission.SUBMIT, body=Resubmission, reply=RunInfo, status=201)
@transaction.atomic
def resubmit_run(
    request: StudioRequest, run_id: str, body: Resubmission
) -> HttpResponseBase:
    """Submit a run again: with the same sources, command, environment and target.

    The new run has the property `studio.resubmitted_from`.
    """
    run = find_run(request, run_id)
    known = _find_repeated(request, body.id, run)
    if known is not None:
        return json_response(run_info(known), 200)
    _refuse_if_in_trash(run)
    if run.type == submit_actions.SWEEP_TYPE:
        raise InvalidState(
            _(
                "Run %(run_id)s is a sweep. Submit it as a sweep again, or resubmit "
                "one of its child runs."
            )
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    made = submit_actions.resubmit(
        run,
        definition=_definition_of(run, body),
        target=body.target,
        experiment=body.experiment,
        name=body.name,
        tags=body.tags,
        priority=body.priority,
        run_id=body.id or "",
        actor=request.actor,
        now=now_ms(),
    )
    return json_response(run_info(made), 201)


@endpoint("POST", Permission.SUBMIT, body=NewSweep, reply=SweepReply, status=201)
@transaction.atomic
def create_sweep(request: StudioRequest, body: NewSweep) -> HttpResponseBase:
    """Submit a run many times, with other values of its arguments.

    The runs become children of a new run, which ends when all of them have ended.
    """
    run = find_run(request, body.run)
    known = _find_repeated(request, body.id, run)
    if known is not None:
        return json_response(_sweep_reply(known), 200)
    _refuse_if_in_trash(run)
    parent = submit_actions.create_sweep(
        workspace_of(request),
        experiment=body.experiment or run.experiment.name,
        definition=_definition_of(run, body),
        snapshot=submit_actions.find_run_snapshot(run),
        space=body.space,
        sampling=body.sampling,
        count=body.count,
        seed=body.seed,
        at_once=body.at_once,
        target=body.target or run.target or LOCAL_TARGET,
        name=body.name,
        tags=body.tags,
        priority=body.priority,
        copied_from=run,
        run_id=body.id or "",
        actor=request.actor,
        now=now_ms(),
    )
    return json_response(_sweep_reply(parent), 201)


@endpoint("POST", Permission.SUBMIT, body=SweepStart, reply=SweepReply, status=201)
@transaction.atomic
def start_sweep(
    request: StudioRequest, run_id: str, body: SweepStart
) -> HttpResponseBase:
    """Make a run the parent of a sweep of its own definition and snapshot.

    The run has a definition and has not started (status NotStarted). A run with a
    script has a snapshot. The same request again returns the sweep.
    """
    run = find_run(request, run_id)
    compute_actions.check_can_control(run, request.actor.user, request.role)
    if Sweep.objects.filter(run=run).exists():
        return json_response(_sweep_reply(run), 200)
    _refuse_if_in_trash(run)
    parent = submit_actions.start_sweep(
        run,
        space=body.space,
        sampling=body.sampling,
        count=body.count,
        seed=body.seed,
        at_once=body.at_once,
        target=body.target or run.target or LOCAL_TARGET,
        name=body.name,
        tags=body.tags,
        priority=body.priority,
        actor=request.actor,
        now=now_ms(),
    )
    return json_response(_sweep_reply(parent), 201)


def _refuse_if_in_trash(run: Run) -> None:
    if run.deleted is not None or run.experiment.deleted is not None:
        raise InvalidState(
            _("Run %(run_id)s is in the trash. Restore it before you resubmit it.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )


def _definition_of(run: Run, body: Resubmission | NewSweep) -> dict[str, Any]:
    try:
        definition = run_actions.read_definition(run)
    except NotFound as error:
        reason = submit_actions.reason_not_to_resubmit(run) or error.message
        raise InvalidState(reason, run_id=run.run_id) from error
    changes = dict(body.definition)
    if isinstance(body, Resubmission) and isinstance(body.max_attempts, int):
        changes["maxAttempts"] = body.max_attempts
    return submit_actions.changed_definition(definition, changes, body.env)


def _find_repeated(
    request: StudioRequest, run_id: str | None, source: Run
) -> Run | None:
    """Return the run that the same request created before."""
    if run_id is None:
        return None
    names.check_run_id(run_id, "id")
    if not Run.objects.filter(workspace=source.workspace_id, run_id=run_id).exists():
        return None
    run = find_run(request, run_id)
    rows = RunProperty.objects.filter(
        run=run, key__name=RESUBMITTED_FROM_PROPERTY, value=source.run_id
    )
    if run.submitter != request.actor.user or not rows.exists():
        raise AlreadyExists(
            _("The run %(run_id)r already exists.") % {"run_id": run_id}, run_id=run_id
        )
    return run


def _sweep_reply(parent: Run) -> SweepReply:
    children = Run.objects.filter(parent=parent).order_by("pk")
    return SweepReply(run_info(parent), list(children.values_list("run_id", flat=True)))
