"""REST: resubmit runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest
from runs.actions import run as run_actions
from runs.actions import submit as submit_actions
from runs.actions.sweeps import SWEEP_TYPE
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.lookups import find_run
from runs.api.v1.replies import run_info
from runs.api.v1.schemas import (
    Resubmission,
    RunInfo,
)
from runs.models import Run, RunProperty, now_ms
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
    known = find_repeated(request, body.id, run)
    if known is not None:
        return json_response(run_info(known), 200)
    refuse_if_in_trash(run)
    if run.type == SWEEP_TYPE:
        raise InvalidState(
            _(
                "Run %(run_id)s is a sweep. Submit it as a sweep again, or resubmit "
                "one of its child runs."
            )
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    changes = dict(body.definition)
    if isinstance(body.max_attempts, int):
        changes["maxAttempts"] = body.max_attempts
    made = submit_actions.resubmit(
        run,
        definition=definition_to_submit(run, changes, body.env),
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


def refuse_if_in_trash(run: Run) -> None:
    if run.deleted is not None or run.experiment.deleted is not None:
        raise InvalidState(
            _("Run %(run_id)s is in the trash. Restore it before you resubmit it.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )


def definition_to_submit(
    run: Run, changes: Mapping[str, Any], env: Mapping[str, str]
) -> dict[str, Any]:
    """Return the definition of `run` with these changes."""
    try:
        definition = run_actions.read_definition(run)
    except NotFound as error:
        reason = submit_actions.reason_not_to_resubmit(run) or error.message
        raise InvalidState(reason, run_id=run.run_id) from error
    return submit_actions.changed_definition(definition, changes, env)


def find_repeated(
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
