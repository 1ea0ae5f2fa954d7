"""REST: list, create, read, change, cancel, delete and star runs, and their events."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from msgspec import UnsetType, structs

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import compute as compute_actions
from runs.actions import run as run_actions
from runs.actions.run_rows import lock_run, unlock_run
from runs.api.v1.comments import comment_infos
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.experiments import get_or_create_experiment
from runs.api.v1.lookups import (
    find_experiment,
    find_run,
    properties_by_run,
    runs_with_definition,
)
from runs.api.v1.replies import event_info, found_run_info, run_column, run_info
from runs.api.v1.schemas import (
    Cancel,
    ChildList,
    ColumnQuery,
    EventList,
    NewChild,
    NewChildren,
    NewExperiment,
    NewRun,
    OneRun,
    OneRunQuery,
    Removed,
    RunColumns,
    RunInfo,
    RunList,
    RunPatch,
    RunQuery,
    RunSelection,
    Starred,
    StatusChange,
)
from runs.models import (
    Experiment,
    Launcher,
    Role,
    Run,
    RunEvent,
    RunParam,
    RunProperty,
    TokenKind,
    now_ms,
)
from runs.search.comments import list_newest_comments
from runs.search.query import RunKeys
from runs.search.run_list import find_runs, read_run_columns
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidValue, PermissionDenied
from studio.core.git import shown_values, without_credentials
from studio.core.run_definition import check_definition
from studio.core.view_spec import ViewSpec

#: Parameters that the URL of the run list page has too.
_PAGE_PARAMETERS = ("q", "sort", "columns", "children", "mine", "archived", "after")


@endpoint("GET", Permission.READ, query=RunQuery, reply=RunList)
def list_runs(request: StudioRequest, query: RunQuery) -> RunList:
    """Find runs with the filter language, in pages."""
    values = structs.asdict(query)
    spec = ViewSpec.from_query(
        {n: values[n] for n in (*_PAGE_PARAMETERS, "rows", "before")}
    )
    page = find_runs(
        spec,
        signed_in_user(request),
        workspace_of(request),
        now=now_ms(),
        **_list_scope(request, query),
    )
    defined = runs_with_definition([row.run.pk for row in page.rows])
    found = [found_run_info(row, row.run.pk in defined) for row in page.rows]
    if query.properties:
        properties = properties_by_run([row.run.pk for row in page.rows])
        for row, info in zip(page.rows, found, strict=True):
            info.properties = properties[row.run.pk]
    return RunList(
        found,
        page.total,
        page.total_is_exact,
        page.after,
        page.before,
    )


@endpoint("GET", Permission.READ, query=ColumnQuery, reply=RunColumns)
def list_columns(request: StudioRequest, query: ColumnQuery) -> RunColumns:
    """Read columns of all matching runs, in pages of up to 10,000 runs."""
    values = structs.asdict(query)
    page = read_run_columns(
        ViewSpec.from_query({name: values[name] for name in _PAGE_PARAMETERS}),
        signed_in_user(request),
        workspace_of(request),
        rows=query.rows,
        **_list_scope(request, query),
    )
    return RunColumns(
        [run_column(*each) for each in zip(page.fields, page.columns, strict=True)],
        page.rows,
        page.total,
        page.total_is_exact,
        page.after,
    )


def _list_scope(request: StudioRequest, query: RunSelection) -> dict[str, Any]:
    """The experiment or run that the query narrows a list to."""
    number = query.experiment
    return {
        "experiment": None if number is None else find_experiment(request, number),
        "parent": find_run(request, query.parent) if query.parent else None,
        "within": _descendants_of(request, query.below) if query.below else None,
    }


def _descendants_of(request: StudioRequest, run_id: str) -> RunKeys:
    run = find_run(request, run_id)
    # All descendants of a root name it, so no level has to be read before the next.
    if run.root_id is None:
        return Run.objects.filter(root=run).values("pk")
    return [one.pk for one in run_actions.iterate_descendants(run)]


@endpoint(
    "POST", Permission.LOG, body=NewRun, reply=RunInfo, status=201, scoped_tokens=True
)
@transaction.atomic
def create_run(request: StudioRequest, body: NewRun) -> HttpResponseBase:
    """Create a run. Repeating the request with the same `id` returns that run (200)."""
    if body.id is not None:
        names.check_run_id(body.id, "id")
    if body.parent is not None:
        names.check_run_id(body.parent, "parent")
    # In the transaction: if the run is refused, no empty experiment stays.
    experiment = _experiment_for_new_run(request, body)
    body = _complete_by_definition(body)
    try:
        run = run_actions.create_run(
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
            launcher=Launcher(body.launcher),
            definition=body.definition,
        )
    except AlreadyExists:
        run = find_run(request, body.id or "")
        if not _was_created_by_same_request(run, experiment, body, request):
            raise
        return json_response(run_info(run), 200)
    return json_response(run_info(run), 201)


def _complete_by_definition(body: NewRun) -> NewRun:
    """Take the script and the target from the definition where the body has none."""
    if body.definition is None:
        return body
    definition = check_definition(body.definition)
    script = body.script or definition.get("script") or ""
    target = body.target or definition.get("target") or ""
    return structs.replace(body, script=script, target=target, definition=definition)


def _experiment_for_new_run(request: StudioRequest, body: NewRun) -> Experiment:
    if (body.experiment is None) == (body.experiment_id is None):
        raise InvalidValue(
            _("Give either experiment (a name) or experiment_id."), field="experiment"
        )
    if body.experiment_id is not None:
        return find_experiment(request, body.experiment_id)
    names.check_experiment_name(body.experiment, "experiment")
    return get_or_create_experiment(request, NewExperiment(name=body.experiment or ""))[
        0
    ]


def _was_created_by_same_request(
    run: Run, experiment: Experiment, body: NewRun, request: StudioRequest
) -> bool:
    """Return whether the same request created `run` before."""
    stored = (run.experiment_id, run.submitter, run.parent_run_id, run.launcher)
    parent = run_actions.parent_for_actor(
        request.actor, run.workspace_id, body.parent or ""
    )
    requested = (experiment.pk, request.actor.user, parent, body.launcher)
    # Without a name in the request it was generated, so there is none to compare.
    texts = (run.script, run.type, run.target, body.name or run.name)
    return (
        stored == requested
        and texts
        == (without_credentials(body.script), body.type, body.target, run.name)
        and run_actions.is_definition_of(run, body.definition)
        # The run may have logged more since, but these values can't have changed. Tags
        # can, so they are not compared.
        and body.params.items() <= _stored_params_or_properties(RunParam, run).items()
        and shown_values(body.properties).items()
        <= _stored_params_or_properties(RunProperty, run).items()
    )


def _stored_params_or_properties(
    model: type[RunParam | RunProperty], run: Run
) -> dict[str, str | None]:
    rows = model._default_manager.filter(run=run)
    return dict(rows.values_list("key__name", "value"))


@endpoint("GET", Permission.READ, query=OneRunQuery, reply=OneRun)
def get_run(request: StudioRequest, run_id: str, query: OneRunQuery) -> OneRun:
    """Read one run."""
    run = find_run(request, run_id)
    found = OneRun(**structs.asdict(run_info(run)))
    if query.comments:
        found.comments = comment_infos(list_newest_comments(run)[0])
    return found


@endpoint(
    "PATCH", Permission.ANNOTATE, body=RunPatch, reply=RunInfo, scoped_tokens=True
)
@transaction.atomic
def change_run(request: StudioRequest, run_id: str, body: RunPatch) -> RunInfo:
    """Change a run's name, description or color, archive it, or lock it.

    The error is InvalidState, with `locked_by`, for other changes of a locked run.
    """
    run, now = find_run(request, run_id), now_ms()
    # The lock comes first: it locks the experiment's row, and those are locked before
    # runs.
    if isinstance(body.locked, bool):
        _set_lock(request, run, body.locked, now)
    if isinstance(body.name, str):
        run_actions.rename_run(run, body.name, actor=request.actor, now=now)
    if isinstance(body.description, str):
        run_actions.describe_run(run, body.description, actor=request.actor, now=now)
    if isinstance(body.archived, bool):
        run_actions.archive_run(run, body.archived, actor=request.actor, now=now)
    if not isinstance(body.color, UnsetType):
        run_actions.pin_run_color(run, body.color, actor=request.actor, now=now)
    return run_info(run)


def _set_lock(request: StudioRequest, run: Run, on: bool, now: int) -> None:
    if request.token is not None and request.token.kind != TokenKind.ORDINARY:
        # Otherwise a script could change its locked run once it has ended.
        raise PermissionDenied(_("The token of a run can't lock or unlock runs."))
    if on:
        lock_run(run, actor=request.actor, now=now)
    else:
        is_owner = request.role == Role.OWNER
        unlock_run(run, actor=request.actor, now=now, is_owner=is_owner)


@endpoint("POST", Permission.LOG, body=StatusChange, reply=RunInfo, scoped_tokens=True)
def change_status(request: StudioRequest, run_id: str, body: StatusChange) -> RunInfo:
    """Report a status. A final status stays: later reports change nothing.

    A failure that the launcher of a submitted run reports can queue the run again. The
    error is AttemptEnded if `attempt` is no longer the current one.
    """
    run = find_run(request, run_id)
    report: dict[str, Any] = {
        "actor": request.actor,
        "now": now_ms(),
        "message": body.message,
        "ended": body.ended,
    }
    if body.launcher:
        return run_info(
            compute_actions.report_status(
                run, body.status, attempt=body.attempt, **report
            )
        )
    return run_info(run_actions.change_status(run, body.status, **report))


@endpoint("POST", Permission.CANCEL, body=Cancel, reply=RunInfo, scoped_tokens=True)
@transaction.atomic
def cancel_run(request: StudioRequest, run_id: str, body: Cancel) -> RunInfo:
    """Request the cancel of a run, or force it."""
    run, now = find_run(request, run_id), now_ms()
    end_now = run_actions.force_cancel if body.force else run_actions.request_force_stop
    if body.force or body.kill:
        ends = [run, *(run_actions.iterate_descendants(run) if body.children else ())]
        for one in ends:
            end_now(one, actor=request.actor, now=now)
    else:
        run_actions.request_cancel(
            run, actor=request.actor, now=now, children=body.children
        )
    return run_info(run)


@endpoint("DELETE", Permission.TRASH, reply=RunInfo)
def delete_run(request: StudioRequest, run_id: str) -> RunInfo:
    """Move a run to the trash."""
    run = find_run(request, run_id)
    return run_info(run_actions.trash_run(run, actor=request.actor, now=now_ms()))


@endpoint("POST", Permission.TRASH, reply=RunInfo)
def restore_run(request: StudioRequest, run_id: str) -> RunInfo:
    """Restore a run from the trash."""
    run = find_run(request, run_id)
    return run_info(run_actions.restore_run(run, actor=request.actor, now=now_ms()))


@endpoint("POST", Permission.PURGE, reply=Removed)
def purge_run(request: StudioRequest, run_id: str) -> Removed:
    """Delete a run in the trash permanently, with everything that it logged."""
    run = find_run(request, run_id)
    run_actions.purge_run(run, actor=request.actor, now=now_ms())
    return Removed(1)


@endpoint("PUT", Permission.STAR, reply=Starred)
def star_run(request: StudioRequest, run_id: str) -> Starred:
    """Star a run for yourself."""
    return _set_star(request, run_id, True)


@endpoint("DELETE", Permission.STAR, reply=Starred)
def unstar_run(request: StudioRequest, run_id: str) -> Starred:
    """Remove your star from a run."""
    return _set_star(request, run_id, False)


def _set_star(request: StudioRequest, run_id: str, on: bool) -> Starred:
    run, user = find_run(request, run_id), signed_in_user(request)
    run_actions.star_run(run, user, on, actor=request.actor, now=now_ms())
    return Starred(on)


@endpoint("GET", Permission.READ, reply=EventList)
def list_events(request: StudioRequest, run_id: str) -> EventList:
    """List the changes of a run's status, oldest first."""
    rows = RunEvent.objects.filter(run=find_run(request, run_id))
    found = rows.select_related("actor").order_by("pk")
    return EventList([event_info(event) for event in found])


@endpoint(
    "POST",
    Permission.LOG,
    body=NewChildren,
    reply=ChildList,
    status=201,
    scoped_tokens=True,
)
@transaction.atomic
def create_children(
    request: StudioRequest, run_id: str, body: NewChildren
) -> ChildList:
    """Create several children of a run, all or none.

    Repeating the request returns the existing runs.
    """
    # Before the parent is read: a move to another experiment takes its children along.
    run_actions.lock_tree(workspace_of(request).pk)
    parent = find_run(request, run_id)
    names.check_count(len(body.children), "children", names.MAX_CREATE_CHILDREN)
    return ChildList(
        [_create_child(request, parent, child, body) for child in body.children]
    )


def _create_child(
    request: StudioRequest, parent: Run, child: NewChild, body: NewChildren
) -> RunInfo:
    try:
        run = run_actions.create_run(
            parent.experiment,
            actor=request.actor,
            now=now_ms(),
            run_id=names.check_run_id(child.id, "children.id"),
            name=child.name,
            status=body.status,
            parent_run_id=parent.run_id,
            tags=child.tags,
            target=body.target,
            heartbeats=body.heartbeats,
        )
    except AlreadyExists:
        run = find_run(request, child.id)
        # Not the name and the tags, which can have changed since.
        stored = (run.parent_run_id, run.submitter_id)
        if stored != (parent.run_id, request.actor.user and request.actor.user.pk):
            raise
    return run_info(run)
