"""REST: list, create, read, change, tag, delete and restore experiments."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import experiments as experiment_actions
from runs.actions import run as run_actions
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.lookups import find_experiment, tags_by_experiment
from runs.api.v1.schemas import (
    ExperimentInfo,
    ExperimentList,
    ExperimentPatch,
    ExperimentQuery,
    MetricGoalChoice,
    NewExperiment,
    Starred,
    TagEdit,
    TagReply,
    Tags,
)
from runs.models import Experiment, now_ms
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidValue

_DELETED_FILTERS = {"no": Q(deleted=None), "only": ~Q(deleted=None), "all": Q()}


@endpoint("GET", Permission.READ, query=ExperimentQuery, reply=ExperimentList)
def list_experiments(request: StudioRequest, query: ExperimentQuery) -> ExperimentList:
    """List experiments, the newest first."""
    rows = Experiment.objects.filter(workspace=workspace_of(request))
    if query.deleted not in _DELETED_FILTERS:
        raise InvalidValue(_("deleted must be no, only or all."), field="deleted")
    rows = rows.filter(_DELETED_FILTERS[query.deleted])
    if query.name:
        rows = rows.filter(name=query.name)
    if query.after:
        # By number, so pages stay right while experiments are created.
        rows = rows.filter(number__lt=_parse_cursor(query.after))
    found = list(rows.order_by("-number")[: query.limit + 1])
    shown = found[: query.limit]
    tags = tags_by_experiment(shown)
    return ExperimentList(
        [experiment_info(one, tags[one.pk]) for one in shown],
        str(shown[-1].number) if len(found) > query.limit else "",
    )


def _parse_cursor(text: str) -> int:
    # A longer number can exceed 32 bits, which PostgreSQL refuses.
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidValue(
            pgettext("request parameter", "after is not a cursor of this list."),
            field="after",
        )
    return int(text)


@endpoint(
    "POST",
    Permission.LOG,
    body=NewExperiment,
    reply=ExperimentInfo,
    status=201,
    scoped_tokens=True,
)
def create_experiment(request: StudioRequest, body: NewExperiment) -> HttpResponseBase:
    """Create an experiment, or return the existing one of that name (200).

    An experiment of that name in the trash is an error: AlreadyExists with `deleted`
    true.
    """
    experiment, is_new = get_or_create_experiment(request, body)
    return json_response(read_experiment_info(experiment), 201 if is_new else 200)


def get_or_create_experiment(
    request: StudioRequest, body: NewExperiment
) -> tuple[Experiment, bool]:
    """Return the experiment of that name, and whether it was created now."""
    workspace = workspace_of(request)
    names.check_experiment_name(body.name)
    try:
        created = experiment_actions.create_experiment(
            workspace,
            body.name,
            actor=request.actor,
            now=now_ms(),
            tags=body.tags,
            description=body.description,
        )
    except AlreadyExists as error:
        # An experiment in the trash takes no runs, so the caller has to decide what to
        # do.
        if error.details["deleted"]:
            raise
        return Experiment.objects.get(workspace=workspace, name=body.name), False
    return created, True


@endpoint("GET", Permission.READ, reply=ExperimentInfo)
def get_experiment(request: StudioRequest, number: int) -> ExperimentInfo:
    """Read one experiment."""
    return read_experiment_info(find_experiment(request, number))


@endpoint("PATCH", Permission.ANNOTATE, body=ExperimentPatch, reply=ExperimentInfo)
@transaction.atomic
def change_experiment(
    request: StudioRequest, number: int, body: ExperimentPatch
) -> ExperimentInfo:
    """Rename, describe or archive an experiment."""
    experiment = find_experiment(request, number)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if isinstance(body.name, str):
        experiment_actions.rename_experiment(experiment, body.name, **who)
    if isinstance(body.description, str):
        experiment_actions.describe_experiment(experiment, body.description, **who)
    if isinstance(body.archived, bool):
        experiment_actions.archive_experiment(experiment, body.archived, **who)
    return read_experiment_info(experiment)


@endpoint("DELETE", Permission.TRASH, reply=ExperimentInfo)
def delete_experiment(request: StudioRequest, number: int) -> ExperimentInfo:
    """Move an experiment and all its runs to the trash."""
    experiment = find_experiment(request, number)
    experiment_actions.delete_experiment(experiment, actor=request.actor, now=now_ms())
    return read_experiment_info(experiment)


@endpoint("POST", Permission.TRASH, reply=ExperimentInfo)
def restore_experiment(request: StudioRequest, number: int) -> ExperimentInfo:
    """Restore an experiment from the trash."""
    experiment = find_experiment(request, number)
    experiment_actions.restore_experiment(experiment, actor=request.actor, now=now_ms())
    return read_experiment_info(experiment)


@endpoint("POST", Permission.ANNOTATE, body=TagEdit, reply=TagReply)
def edit_experiment_tags(
    request: StudioRequest, number: int, body: TagEdit
) -> TagReply:
    """Set and remove tags of an experiment."""
    experiment = find_experiment(request, number)
    experiment_actions.edit_experiment_tags(
        experiment, body.set, body.remove, actor=request.actor, now=now_ms()
    )
    return TagReply(tags_by_experiment([experiment])[experiment.pk])


def read_experiment_info(experiment: Experiment) -> ExperimentInfo:
    return experiment_info(experiment, tags_by_experiment([experiment])[experiment.pk])


def experiment_info(experiment: Experiment, tags: Tags) -> ExperimentInfo:
    return ExperimentInfo(
        id=experiment.number,
        name=experiment.name,
        description=experiment.description,
        tags=tags,
        created=experiment.created,
        updated=experiment.updated,
        archived=experiment.archived,
        deleted=experiment.deleted,
    )


@endpoint("PUT", Permission.STAR, reply=Starred)
def star_experiment(request: StudioRequest, number: int) -> Starred:
    """Star an experiment for yourself."""
    return _set_star(request, number, True)


@endpoint("DELETE", Permission.STAR, reply=Starred)
def unstar_experiment(request: StudioRequest, number: int) -> Starred:
    """Remove your star from an experiment."""
    return _set_star(request, number, False)


def _set_star(request: StudioRequest, number: int, on: bool) -> Starred:
    found, user = find_experiment(request, number), signed_in_user(request)
    experiment_actions.star_experiment(
        found, user, on, actor=request.actor, now=now_ms()
    )
    return Starred(on)


@endpoint("PUT", Permission.ANNOTATE, body=MetricGoalChoice, reply=MetricGoalChoice)
def set_metric_goal(
    request: StudioRequest, number: int, body: MetricGoalChoice
) -> MetricGoalChoice:
    """Set whether higher or lower values of a metric are better in an experiment."""
    higher = None if body.goal is None else body.goal == "higher"
    run_actions.set_metric_goal(
        workspace_of(request),
        [find_experiment(request, number)],
        body.key,
        higher,
        actor=request.actor,
        now=now_ms(),
    )
    return body
