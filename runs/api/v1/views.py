"""REST: list, create, read, change, delete, restore, star and clone custom views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import pgettext
from msgspec import UNSET, UnsetType

from runs.access import (
    Permission,
    StudioRequest,
    check_can_change_view,
    check_can_edit_view,
    check_can_share_views,
    enter_workspace,
    signed_in_user,
    workspace_of,
)
from runs.actions import views as view_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    CloneTo,
    NewView,
    Starred,
    ViewInfo,
    ViewList,
    ViewPatch,
    ViewQuery,
)
from runs.api.v1.view_replies import (
    explain_conflict,
    find_experiment_by_name,
    listed_experiment_name,
    require_experiment,
    resolve_listed_experiment,
    view_info,
    view_list_info,
)
from runs.models import View, now_ms
from runs.search.views import (
    filter_by_owner,
    filter_by_words,
    find_view,
    visible_views_in,
)
from studio.core.errors import Conflict, InvalidValue
from studio.core.view_spec import ViewSpec


@endpoint("GET", Permission.READ, query=ViewQuery, reply=ViewList)
def list_views(request: StudioRequest, query: ViewQuery) -> ViewList:
    """List the views that the caller can see, newest first."""
    user = signed_in_user(request)
    views = filter_by_words(visible_views_in(workspace_of(request), user), query.find)
    views = filter_by_owner(views, query.only, user)
    if query.after:
        if not (query.after.isascii() and query.after.isdigit()):
            raise InvalidValue(
                pgettext("request parameter", "after is not a cursor of this list."),
                field="after",
            )
        # The databases take 64 bits. A larger position means the start of the list.
        views = views.filter(pk__lt=min(int(query.after[:19]), 2**63 - 1))
    found = list(views.order_by("-pk")[: query.limit + 1])
    shown = found[: query.limit]
    after = str(shown[-1].pk) if len(found) > query.limit else ""
    return ViewList([view_list_info(each) for each in shown], after)


@endpoint("POST", Permission.VIEWS, body=NewView, reply=ViewInfo, status=201)
@transaction.atomic
def create_view(request: StudioRequest, body: NewView) -> ViewInfo:
    """Create a view owned by the caller; a shared view needs the role contributor."""
    if body.shared:
        check_can_share_views(request.role)
    view = view_actions.create_view(
        workspace_of(request),
        body.name,
        view_actions.ViewState(
            ViewSpec.from_json(body.state), require_experiment(request, body.experiment)
        ),
        description=body.description,
        shared=body.shared,
        locked=body.locked,
        actor=request.actor,
        now=now_ms(),
    )
    return view_info(request, view)


@endpoint("GET", Permission.READ, reply=ViewInfo)
def get_view(request: StudioRequest, slug: str) -> ViewInfo:
    """Read one view, with messages about its missing parts."""
    return view_info(request, find_visible_view(request, slug))


@endpoint("PATCH", Permission.VIEWS, body=ViewPatch, reply=ViewInfo)
@transaction.atomic
def change_view(request: StudioRequest, slug: str, body: ViewPatch) -> ViewInfo:
    """Rename, describe, share or lock a view, or save another state as a revision.

    The experiment (null for All runs) is saved as a revision too, with or without a
    state.
    """
    view, user = find_visible_view(request, slug), signed_in_user(request)
    changes: dict[str, Any] = {
        name: value
        for name in view_actions.EDITABLE_FIELDS
        if not isinstance(value := getattr(body, name), UnsetType)
    }
    check_can_change_view(view, changes, user, request.role)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    # Before the edits: sharing can add a revision, and `seen_version` would be
    # outdated.
    if body.state is not UNSET or body.experiment is not UNSET:
        save_changed_state(request, view, body, who)
    view_actions.edit_view(view, changes, **who)
    return view_info(request, view)


def save_changed_state(
    request: StudioRequest, view: View, body: ViewPatch, who: dict[str, Any]
) -> None:
    wanted = view_actions.read_view_state(view)
    if not isinstance(body.state, UnsetType):
        wanted = replace(wanted, spec=ViewSpec.from_json(body.state))
    if not isinstance(body.experiment, UnsetType):
        here, name = resolve_listed_experiment(request, body.experiment, view)
        wanted = replace(wanted, experiment=here, experiment_name=name)
    seen = view.revision if isinstance(body.revision, UnsetType) else body.revision
    try:
        view_actions.save_view(view, wanted, seen_version=seen, **who)
    except Conflict as error:
        raise explain_conflict(request, view, seen, error) from error


@endpoint("DELETE", Permission.VIEWS, reply=ViewInfo)
def delete_view(request: StudioRequest, slug: str) -> ViewInfo:
    """Delete a view; it can be restored for 30 days."""
    view = find_visible_view(request, slug)
    check_can_edit_view(view, signed_in_user(request), request.role)
    view_actions.delete_view(view, actor=request.actor, now=now_ms())
    return view_info(request, view)


@endpoint("POST", Permission.VIEWS, reply=ViewInfo)
def restore_view(request: StudioRequest, slug: str) -> ViewInfo:
    """Restore a deleted view."""
    user = signed_in_user(request)
    view = find_view(slug, user, workspace_of(request), deleted=True)
    check_can_edit_view(view, user, request.role)
    view_actions.restore_view(view, actor=request.actor, now=now_ms())
    return view_info(request, view)


@endpoint("PUT", Permission.STAR, reply=Starred)
def star_view(request: StudioRequest, slug: str) -> Starred:
    """Star a view for the caller, which adds it to the navigation."""
    return _set_star(request, slug, True)


@endpoint("DELETE", Permission.STAR, reply=Starred)
def unstar_view(request: StudioRequest, slug: str) -> Starred:
    """Remove the caller's star from a view."""
    return _set_star(request, slug, False)


def _set_star(request: StudioRequest, slug: str, on: bool) -> Starred:
    view, user = find_visible_view(request, slug), signed_in_user(request)
    view_actions.star_view(view, user, on, actor=request.actor, now=now_ms())
    return Starred(on)


@endpoint("POST", Permission.VIEWS, body=CloneTo, reply=ViewInfo, status=201)
def clone_view(request: StudioRequest, slug: str, body: CloneTo) -> ViewInfo:
    """Copy a view to another workspace of the caller, as a private view.

    There it lists the experiment of the same name. Selected runs are not copied.
    """
    view = find_visible_view(request, slug)
    # After the view was found: this replaces the request's workspace.
    enter_workspace(request, body.workspace)
    state = view_actions.read_view_state(view)
    name = listed_experiment_name(view)
    # The other workspace doesn't have these runs.
    spec = state.spec.changed(selected=(), only=False, tree=())
    experiment = find_experiment_by_name(request, name)
    created = view_actions.create_view(
        workspace_of(request),
        body.name or view.name,
        view_actions.ViewState(spec, experiment, name or ""),
        description=view.description,
        actor=request.actor,
        now=now_ms(),
    )
    return view_info(request, created)


def find_visible_view(request: StudioRequest, slug: str) -> View:
    """Return the view if the caller can see it; raise NotFound otherwise."""
    return find_view(slug, signed_in_user(request), workspace_of(request))
