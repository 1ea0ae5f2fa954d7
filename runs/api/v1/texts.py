"""Parameters, properties and tags of a run."""

from __future__ import annotations

from django.db import transaction

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.ingest import ingest
from runs.actions.run import annotate
from runs.api.http import endpoint
from runs.api.v1.find import run_by_id
from runs.api.v1.logged import ParamReply, ParamSet, PropertyReply, PropertySet
from runs.api.v1.shapes import TagEdit, TagReply
from runs.models import Run
from runs.search.run.details import params_of, properties_of, tags_of


@endpoint("GET", Permission.READ, reply=ParamReply)
def get_params(request: StudioRequest, run_id: str) -> ParamReply:
    """Read a run's parameters."""
    return _params(run_by_id(request, run_id))


@endpoint("POST", Permission.LOG, body=ParamSet, reply=ParamReply)
def log_params(request: StudioRequest, run_id: str, body: ParamSet) -> ParamReply:
    """Write parameters, once each: another value for one is an error (Immutable)."""
    run = run_by_id(request, run_id)
    ingest.log_params(run, body.params, actor=request.actor, now=now_ms())
    return _params(run)


@endpoint("GET", Permission.READ, reply=PropertyReply)
def get_properties(request: StudioRequest, run_id: str) -> PropertyReply:
    """Read a run's properties."""
    return _properties(run_by_id(request, run_id))


@endpoint("POST", Permission.LOG, body=PropertySet, reply=PropertyReply)
def add_properties(
    request: StudioRequest, run_id: str, body: PropertySet
) -> PropertyReply:
    """Write properties, once each: another value for one is an error (Immutable)."""
    run = run_by_id(request, run_id)
    annotate.add_properties(run, body.properties, actor=request.actor, now=now_ms())
    return _properties(run)


@endpoint("GET", Permission.READ, reply=TagReply)
def get_tags(request: StudioRequest, run_id: str) -> TagReply:
    """Read a run's tags."""
    return _tags(run_by_id(request, run_id))


@endpoint("POST", Permission.ANNOTATE, body=TagEdit, reply=TagReply)
@transaction.atomic
def edit_tags(request: StudioRequest, run_id: str, body: TagEdit) -> TagReply:
    """Set and remove tags of a run; a tag of null is a word without a value."""
    run, now = run_by_id(request, run_id), now_ms()
    if body.set:
        annotate.set_tags(run, body.set, actor=request.actor, now=now)
    gone = [key for key in body.remove if key not in body.set]
    if gone:
        annotate.remove_tags(run, gone, actor=request.actor, now=now)
    return _tags(run)


def _params(run: Run) -> ParamReply:
    return ParamReply({text.key: text.value or "" for text in params_of(run)})


def _properties(run: Run) -> PropertyReply:
    return PropertyReply({text.key: text.value or "" for text in properties_of(run)})


def _tags(run: Run) -> TagReply:
    return TagReply({text.key: text.value for text in tags_of(run)})
