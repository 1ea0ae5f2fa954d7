"""REST: revisions of views, their differences, and default views."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import (
    Permission,
    StudioRequest,
    check_can_edit_view,
    signed_in_user,
    workspace_of,
)
from runs.actions import views as view_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    DefaultChoice,
    DefaultQuery,
    DefaultReply,
    DiffQuery,
    RevisionChoice,
    RevisionInfo,
    RevisionList,
    ViewDiff,
    ViewInfo,
)
from runs.api.v1.view_replies import (
    compare_versions,
    explain_conflict,
    require_experiment,
    revision_info,
    view_info,
)
from runs.api.v1.views import find_visible_view
from runs.models import Role, now_ms
from runs.search.views import find_default, find_revision, list_view_revisions
from studio.core.errors import Conflict, PermissionDenied

#: The slug of the built-in view.
BUILT_IN_VIEW = "default"


@endpoint("GET", Permission.READ, reply=RevisionList)
def list_revisions(request: StudioRequest, slug: str) -> RevisionList:
    """List the revisions of a view, newest first (at most 200)."""
    view = find_visible_view(request, slug)
    rows = list_view_revisions(view, signed_in_user(request))
    return RevisionList([revision_info(each) for each in rows])


@endpoint("GET", Permission.READ, reply=RevisionInfo)
def get_revision(request: StudioRequest, slug: str, number: int) -> RevisionInfo:
    """Read one revision of a view."""
    view = find_visible_view(request, slug)
    return revision_info(find_revision(view, signed_in_user(request), number))


@endpoint("POST", Permission.VIEWS, body=RevisionChoice, reply=ViewInfo)
def restore_revision(
    request: StudioRequest, slug: str, number: int, body: RevisionChoice
) -> ViewInfo:
    """Restore an old revision of a view as its newest."""
    view, user = find_visible_view(request, slug), signed_in_user(request)
    check_can_edit_view(view, user, request.role)
    old = find_revision(view, user, number)
    seen = view.revision if body.seen is None else body.seen
    try:
        view_actions.restore_revision(
            view, old, actor=request.actor, now=now_ms(), seen_version=seen
        )
    except Conflict as error:
        raise explain_conflict(request, view, seen, error) from error
    return view_info(request, view)


@endpoint("GET", Permission.READ, query=DiffQuery, reply=ViewDiff)
def diff_view(request: StudioRequest, slug: str, query: DiffQuery) -> ViewDiff:
    """Describe the differences between two revisions of a view."""
    view, user = find_visible_view(request, slug), signed_in_user(request)
    new = view if query.new is None else find_revision(view, user, query.new)
    return compare_versions(find_revision(view, user, query.old), new)


@endpoint("GET", Permission.READ, query=DefaultQuery, reply=DefaultReply)
def get_default_view(request: StudioRequest, query: DefaultQuery) -> DefaultReply:
    """Read the caller's default view of a list."""
    experiment = require_experiment(request, query.experiment)
    found = find_default(workspace_of(request), signed_in_user(request), experiment)
    return DefaultReply(found.slug if found else None)


@endpoint("PUT", Permission.VIEWS, body=DefaultChoice, reply=DefaultReply)
def set_default_view(request: StudioRequest, body: DefaultChoice) -> DefaultReply:
    """Set the default view of a list, for the caller or (owners) for everyone."""
    if body.everybody and request.role != Role.OWNER:
        raise PermissionDenied(_("Only owners can set the default view for everyone."))
    workspace, caller = workspace_of(request), signed_in_user(request)
    experiment = require_experiment(request, body.experiment)
    user = None if body.everybody else caller
    if body.view is None:
        view_actions.clear_default_view(
            workspace, experiment, user=user, actor=request.actor, now=now_ms()
        )
    else:
        built_in = body.view == BUILT_IN_VIEW
        view = None if built_in else find_visible_view(request, body.view)
        view_actions.set_default_view(
            workspace, experiment, view, user=user, actor=request.actor, now=now_ms()
        )
    found = find_default(workspace, caller, experiment)
    return DefaultReply(found.slug if found else None)
