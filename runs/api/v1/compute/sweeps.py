"""REST: sweeps: start them, and read what their runs have reached."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, workspace_of
from runs.actions import compute as compute_actions
from runs.actions import submit as submit_actions
from runs.actions import sweeps as sweep_actions
from runs.api.v1.compute.submit import (
    definition_to_submit,
    find_repeated,
    refuse_if_in_trash,
)
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.lookups import find_run
from runs.api.v1.replies import run_info
from runs.api.v1.schemas import (
    NewSweep,
    SweepChild,
    SweepInfo,
    SweepReply,
    SweepStart,
)
from runs.models import LOCAL_TARGET, Run, Sweep, now_ms
from runs.search.compute import find_sweep
from runs.search.sweeps import best_of, list_results
from studio.core.errors import NotFound


@endpoint("POST", Permission.SUBMIT, body=NewSweep, reply=SweepReply, status=201)
@transaction.atomic
def create_sweep(request: StudioRequest, body: NewSweep) -> HttpResponseBase:
    """Submit a run many times, with other values of its arguments.

    The runs become children of a new run, which ends when all of them have ended.
    """
    run = find_run(request, body.run)
    known = find_repeated(request, body.id, run)
    if known is not None:
        return json_response(_sweep_reply(known), 200)
    refuse_if_in_trash(run)
    parent = sweep_actions.create_sweep(
        workspace_of(request),
        experiment=body.experiment or run.experiment.name,
        definition=definition_to_submit(run, body.definition, body.env),
        snapshot=submit_actions.find_run_snapshot(run),
        plan=body.plan(),
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
    refuse_if_in_trash(run)
    parent = sweep_actions.start_sweep(
        run,
        plan=body.plan(),
        target=body.target or run.target or LOCAL_TARGET,
        name=body.name,
        tags=body.tags,
        priority=body.priority,
        actor=request.actor,
        now=now_ms(),
    )
    return json_response(_sweep_reply(parent), 201)


@endpoint("GET", Permission.READ, reply=SweepInfo)
def get_sweep(request: StudioRequest, run_id: str) -> SweepInfo:
    """Read a sweep by its parent run: its settings, and what its runs have reached."""
    run = find_run(request, run_id)
    sweep = find_sweep(run)
    if sweep is None:
        raise NotFound(
            _("Run %(run_id)s is not a sweep.") % {"run_id": run_id}, run_id=run_id
        )
    results = list_results(sweep)
    best = best_of(sweep, results) if sweep.metric else None
    return SweepInfo(
        space=sweep.space,
        sampling=sweep.sampling,
        seed=sweep.seed,
        at_once=sweep.at_once,
        total=len(results) if sweep.total is None else sweep.total,
        primary_metric=sweep.metric,
        goal=sweep.goal,
        policy=sweep.policy,
        closed=sweep.closed,
        best=None if best is None else best.run_id,
        stopped=sum(bool(each.stop_reason) for each in results),
        children=[
            SweepChild(
                each.run_id,
                each.name,
                str(each.status),
                dict(each.values),
                each.best,
                each.stop_reason,
            )
            for each in results
        ],
    )


def _sweep_reply(parent: Run) -> SweepReply:
    runs = Run.objects.filter(parent=parent).order_by("pk")
    children = list(runs.values_list("run_id", flat=True))
    sweep = find_sweep(parent)
    total = sweep.total if sweep is not None else None
    return SweepReply(run_info(parent), children, total or len(children))
