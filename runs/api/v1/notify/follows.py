"""REST: be notified of a run, of the runs of an experiment, or of your own runs."""

from __future__ import annotations

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions.notify import follow
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_experiment, find_run
from runs.api.v1.schemas import Followed
from runs.models import Experiment, Run, View, now_ms
from runs.search.views import find_view


@endpoint("PUT", Permission.FOLLOW, reply=Followed)
def follow_run(request: StudioRequest, run_id: str) -> Followed:
    """Be notified when the status of a run changes."""
    return _follow(request, find_run(request, run_id), True)


@endpoint("DELETE", Permission.FOLLOW, reply=Followed)
def unfollow_run(request: StudioRequest, run_id: str) -> Followed:
    """Be no longer notified of a run."""
    return _follow(request, find_run(request, run_id), False)


@endpoint("PUT", Permission.FOLLOW, reply=Followed)
def follow_experiment(request: StudioRequest, number: int) -> Followed:
    """Be notified when the status of a run of an experiment changes."""
    return _follow(request, find_experiment(request, number), True)


@endpoint("DELETE", Permission.FOLLOW, reply=Followed)
def unfollow_experiment(request: StudioRequest, number: int) -> Followed:
    """Be no longer notified of the runs of an experiment."""
    return _follow(request, find_experiment(request, number), False)


@endpoint("PUT", Permission.FOLLOW, reply=Followed)
def follow_own_runs(request: StudioRequest) -> Followed:
    """Be notified when the status of a run that you submitted changes."""
    return _follow(request, None, True)


@endpoint("DELETE", Permission.FOLLOW, reply=Followed)
def unfollow_own_runs(request: StudioRequest) -> Followed:
    """Be no longer notified of your own runs."""
    return _follow(request, None, False)


@endpoint("PUT", Permission.FOLLOW, reply=Followed)
def follow_view(request: StudioRequest, slug: str) -> Followed:
    """Be notified when runs enter a view."""
    return _follow(request, _find_view(request, slug), True)


@endpoint("DELETE", Permission.FOLLOW, reply=Followed)
def unfollow_view(request: StudioRequest, slug: str) -> Followed:
    """Be no longer notified of a view."""
    return _follow(request, _find_view(request, slug), False)


def _find_view(request: StudioRequest, slug: str) -> View:
    return find_view(slug, signed_in_user(request), workspace_of(request))


def _follow(
    request: StudioRequest, subject: Run | Experiment | View | None, on: bool
) -> Followed:
    follow(workspace_of(request), subject, on, actor=request.actor, now=now_ms())
    return Followed(on)
