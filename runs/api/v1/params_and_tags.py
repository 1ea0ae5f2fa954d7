"""REST: parameters, properties and tags of a run."""

from __future__ import annotations

from django.db import transaction

from runs.access import Permission, StudioRequest
from runs.actions import ingest
from runs.actions import run as run_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import (
    ParamReply,
    ParamSet,
    PropertyReply,
    PropertySet,
    TagEdit,
    TagReply,
)
from runs.models import Run, now_ms
from runs.search.run import list_params, list_properties, list_tags


@endpoint("GET", Permission.READ, reply=ParamReply)
def get_params(request: StudioRequest, run_id: str) -> ParamReply:
    """Read a run's parameters."""
    found = list_params(find_run(request, run_id))
    return ParamReply({text.key: text.value or "" for text in found})


@endpoint("POST", Permission.LOG, body=ParamSet, reply=ParamReply, scoped_tokens=True)
def log_params(request: StudioRequest, run_id: str, body: ParamSet) -> ParamReply:
    """Write parameters, once each: changing a value is an error (Immutable).

    The response has those of the request. A run can have thousands.
    """
    run = find_run(request, run_id)
    ingest.log_params(run, body.params, actor=request.actor, now=now_ms())
    return ParamReply(body.params)


@endpoint("GET", Permission.READ, reply=PropertyReply)
def get_properties(request: StudioRequest, run_id: str) -> PropertyReply:
    """Read a run's properties."""
    return _properties_reply(find_run(request, run_id))


@endpoint(
    "POST", Permission.LOG, body=PropertySet, reply=PropertyReply, scoped_tokens=True
)
def add_properties(
    request: StudioRequest, run_id: str, body: PropertySet
) -> PropertyReply:
    """Write properties, once each: changing a value is an error (Immutable)."""
    run = find_run(request, run_id)
    run_actions.add_run_properties(
        run, body.properties, actor=request.actor, now=now_ms()
    )
    return _properties_reply(run)


@endpoint("GET", Permission.READ, reply=TagReply)
def get_tags(request: StudioRequest, run_id: str) -> TagReply:
    """Read a run's tags."""
    return _tags_reply(find_run(request, run_id))


@endpoint("POST", Permission.ANNOTATE, body=TagEdit, reply=TagReply, scoped_tokens=True)
@transaction.atomic
def edit_tags(request: StudioRequest, run_id: str, body: TagEdit) -> TagReply:
    """Set and remove tags of a run; null is a tag without a value."""
    run, now = find_run(request, run_id), now_ms()
    if body.set:
        run_actions.set_run_tags(run, body.set, actor=request.actor, now=now)
    # As for experiments, setting a tag wins over removing it.
    removed = [key for key in body.remove if key not in body.set]
    if removed:
        run_actions.remove_run_tags(run, removed, actor=request.actor, now=now)
    return _tags_reply(run)


def _properties_reply(run: Run) -> PropertyReply:
    return PropertyReply({text.key: text.value or "" for text in list_properties(run)})


def _tags_reply(run: Run) -> TagReply:
    return TagReply({text.key: text.value for text in list_tags(run)})
