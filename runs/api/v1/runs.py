"""Runs: list, make, read, change, cancel, trash, and what happened to them."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponseBase
from msgspec import structs

from runs.access.rules import (
    Permission,
    StudioRequest,
    signed_in_user,
    workspace_of,
)
from runs.actions.clock import now_ms
from runs.actions.run import annotate, lifecycle, purge
from runs.actions.run import runs as actions
from runs.actions.run_rows.locks import lock_run
from runs.api.http import as_json, endpoint
from runs.api.v1.experiments import get_or_create
from runs.api.v1.find import experiment_by_number, run_by_id
from runs.api.v1.infos import event_info, found_run, run_info
from runs.api.v1.logged import EventList, Removed
from runs.api.v1.shapes import (
    Cancel,
    NewExperiment,
    NewRun,
    RunInfo,
    RunList,
    RunPatch,
    RunQuery,
    Starred,
    StatusChange,
)
from runs.models import Experiment, Run, RunEvent, RunParam, RunProperty
from runs.search.query.run_query import RunKeys
from runs.search.run_list.find_runs import find_runs
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidValue, PermissionDenied
from studio.core.viewspec import ViewSpec

#: Parameters of the list that the address of the page has too.
_VIEW = ("q", "sort", "columns", "children", "mine", "archived", "rows")


@endpoint("GET", Permission.READ, query=RunQuery, reply=RunList)
def list_runs(request: StudioRequest, query: RunQuery) -> RunList:
    """Find runs by the filter language, a page at a time."""
    given = structs.asdict(query)
    spec = ViewSpec.from_query({n: given[n] for n in (*_VIEW, "after", "before")})
    number = query.experiment
    page = find_runs(
        spec,
        signed_in_user(request),
        workspace_of(request),
        experiment=None if number is None else experiment_by_number(request, number),
        parent=run_by_id(request, query.parent) if query.parent else None,
        within=_below(request, query.below) if query.below else None,
        now=now_ms(),
    )
    return RunList(
        [found_run(row) for row in page.rows],
        page.total,
        page.total_is_exact,
        page.after,
        page.before,
    )


def _below(request: StudioRequest, run_id: str) -> RunKeys:
    run = run_by_id(request, run_id)
    if run.root_id is None:
        return Run.objects.filter(root=run).values("pk")
    return [one.pk for one in lifecycle.descendants(run)]


@endpoint("POST", Permission.LOG, body=NewRun, reply=RunInfo, status=201)
@transaction.atomic
def create_run(request: StudioRequest, body: NewRun) -> HttpResponseBase:
    """Make a run. The same request again, with its `id`, answers 200 with that run."""
    if body.id is not None:
        names.check_run_id(body.id, "id")
    if body.parent is not None:
        names.check_run_id(body.parent, "parent")
    experiment = _experiment_of(request, body)
    try:
        run = actions.create_run(
            experiment,
            actor=request.actor,
            now=now_ms(),
            run_id=body.id,
            name=body.name,
            status=body.status,
            started=body.started,
            parent_run_id=body.parent or "",
            tags=body.tags,
            params=body.params,
            properties=body.properties,
            description=body.description,
            script=body.script,
            type=body.type,
            target=body.target,
            heartbeats=body.heartbeats,
        )
    except AlreadyExists:
        run = run_by_id(request, body.id or "")
        if not _is_the_same(run, experiment, body, request):
            raise
        return as_json(run_info(run), 200)
    return as_json(run_info(run), 201)


def _experiment_of(request: StudioRequest, body: NewRun) -> Experiment:
    if (body.experiment is None) == (body.experiment_id is None):
        raise InvalidValue(
            "Give either experiment (a name) or experiment_id", field="experiment"
        )
    if body.experiment_id is not None:
        return experiment_by_number(request, body.experiment_id)
    names.check_experiment_name(body.experiment, "experiment")
    return get_or_create(request, NewExperiment(name=body.experiment or ""))[0]


def _is_the_same(
    run: Run, experiment: Experiment, body: NewRun, request: StudioRequest
) -> bool:
    """Whether `run` is what the very same request made before."""
    stored = (run.experiment_id, run.submitter, run.parent_run_id)
    asked = (experiment.pk, request.actor.user, body.parent or "")
    texts = (run.script, run.type, run.target, body.name or run.name)
    return (
        stored == asked
        and texts == (body.script, body.type, body.target, run.name)
        and body.params.items() <= _texts(RunParam, run).items()
        and body.properties.items() <= _texts(RunProperty, run).items()
    )


def _texts(model: type[RunParam | RunProperty], run: Run) -> dict[str, str | None]:
    rows = model._default_manager.filter(run=run)
    return dict(rows.values_list("key__name", "value"))


@endpoint("GET", Permission.READ, reply=RunInfo)
def get_run(request: StudioRequest, run_id: str) -> RunInfo:
    """Read one run."""
    return run_info(run_by_id(request, run_id))


@endpoint("PATCH", Permission.ANNOTATE, body=RunPatch, reply=RunInfo)
@transaction.atomic
def change_run(request: StudioRequest, run_id: str, body: RunPatch) -> RunInfo:
    """Change a run's display name or description, archive it, or lock it."""
    run, now = run_by_id(request, run_id), now_ms()
    # The lock comes first: it holds the experiment, and that is held before its runs.
    if isinstance(body.locked, bool):
        _check_may_lock(request)
        lock_run(run, body.locked, actor=request.actor, now=now)
    if isinstance(body.name, str):
        annotate.rename(run, body.name, actor=request.actor, now=now)
    if isinstance(body.description, str):
        annotate.describe(run, body.description, actor=request.actor, now=now)
    if isinstance(body.archived, bool):
        actions.archive_run(run, body.archived, actor=request.actor, now=now)
    return run_info(run)


def _check_may_lock(request: StudioRequest) -> None:
    if request.role is None or request.role < Permission.LOCK.role:
        raise PermissionDenied("To lock a run against deletion needs the role owner")


@endpoint("POST", Permission.LOG, body=StatusChange, reply=RunInfo)
def change_status(request: StudioRequest, run_id: str, body: StatusChange) -> RunInfo:
    """Report a status. A final one stays: what comes after it changes nothing."""
    run = run_by_id(request, run_id)
    run = lifecycle.move(
        run,
        body.status,
        actor=request.actor,
        now=now_ms(),
        message=body.message,
        ended=body.ended,
    )
    return run_info(run)


@endpoint("POST", Permission.CANCEL, body=Cancel, reply=RunInfo)
@transaction.atomic
def cancel_run(request: StudioRequest, run_id: str, body: Cancel) -> RunInfo:
    """Ask a run to end, or end it by force."""
    run, now = run_by_id(request, run_id), now_ms()
    if body.force:
        ends = [run, *(lifecycle.descendants(run) if body.children else ())]
        for one in ends:
            lifecycle.force_cancel(one, actor=request.actor, now=now)
    else:
        lifecycle.request_cancel(
            run, actor=request.actor, now=now, children=body.children
        )
    return run_info(run)


@endpoint("DELETE", Permission.TRASH, reply=RunInfo)
def delete_run(request: StudioRequest, run_id: str) -> RunInfo:
    """Put a run into the trash."""
    run = run_by_id(request, run_id)
    return run_info(actions.trash_run(run, actor=request.actor, now=now_ms()))


@endpoint("POST", Permission.TRASH, reply=RunInfo)
def restore_run(request: StudioRequest, run_id: str) -> RunInfo:
    """Take a run out of the trash."""
    run = run_by_id(request, run_id)
    return run_info(actions.restore_run(run, actor=request.actor, now=now_ms()))


@endpoint("POST", Permission.PURGE, reply=Removed)
def purge_run(request: StudioRequest, run_id: str) -> Removed:
    """Remove a run that is in the trash, with all that it logged, for good."""
    run = run_by_id(request, run_id)
    purge.purge_run(run, actor=request.actor, now=now_ms())
    return Removed(1)


@endpoint("PUT", Permission.STAR, reply=Starred)
def star_run(request: StudioRequest, run_id: str) -> Starred:
    """Star a run, for yourself."""
    return _star(request, run_id, True)


@endpoint("DELETE", Permission.STAR, reply=Starred)
def unstar_run(request: StudioRequest, run_id: str) -> Starred:
    """Take your star off a run."""
    return _star(request, run_id, False)


def _star(request: StudioRequest, run_id: str, on: bool) -> Starred:
    run, user = run_by_id(request, run_id), signed_in_user(request)
    annotate.star_run(run, user, on, actor=request.actor, now=now_ms())
    return Starred(on)


@endpoint("GET", Permission.READ, reply=EventList)
def list_events(request: StudioRequest, run_id: str) -> EventList:
    """What happened to a run's status, the oldest first."""
    rows = RunEvent.objects.filter(run=run_by_id(request, run_id))
    found = rows.select_related("actor").order_by("pk")
    return EventList([event_info(event) for event in found])
