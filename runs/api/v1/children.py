"""Many children of a run, made by one request."""

from __future__ import annotations

from django.db import transaction

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.run import runs as actions
from runs.api.http import endpoint
from runs.api.v1.find import run_by_id
from runs.api.v1.infos import run_info
from runs.api.v1.shapes import ChildList, NewChild, NewChildren, RunInfo
from runs.models import Run
from studio.core import names
from studio.core.errors import AlreadyExists


@endpoint("POST", Permission.LOG, body=NewChildren, reply=ChildList, status=201)
@transaction.atomic
def create_children(
    request: StudioRequest, run_id: str, body: NewChildren
) -> ChildList:
    """Make several children of a run, all of them or none.

    The same request again answers with the runs that are there.
    """
    parent = run_by_id(request, run_id)
    names.check_count(len(body.children), "children", names.MAX_CREATE_CHILDREN)
    return ChildList([_make(request, parent, child, body) for child in body.children])


def _make(
    request: StudioRequest, parent: Run, child: NewChild, body: NewChildren
) -> RunInfo:
    try:
        run = actions.create_run(
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
        run = run_by_id(request, child.id)
        stored = (run.parent_run_id, run.submitter_id)
        if stored != (parent.run_id, request.actor.user and request.actor.user.pk):
            raise
    return run_info(run)
