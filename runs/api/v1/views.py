"""Custom views: list, make, read, change, save, delete, restore, star, clone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from msgspec import UNSET, UnsetType

from runs.access.admission import enter
from runs.access.rules import (
    Permission,
    StudioRequest,
    signed_in_user,
    workspace_of,
)
from runs.access.views import check_may_edit, check_may_set, check_may_share
from runs.actions.clock import now_ms
from runs.actions.views import choices as view_choices
from runs.actions.views import views as actions
from runs.api.http import endpoint
from runs.api.v1.shapes import Starred
from runs.api.v1.view_infos import (
    conflict_told,
    experiment_here,
    experiment_named,
    list_name,
    list_named,
    listed_view,
    view_info,
)
from runs.api.v1.view_shapes import (
    CloneTo,
    NewView,
    ViewInfo,
    ViewList,
    ViewPatch,
    ViewQuery,
)
from runs.models import View
from runs.search.views.views import find_view, matching, only, views_in
from studio.core.errors import Conflict, InvalidValue
from studio.core.viewspec import ViewSpec


@endpoint("GET", Permission.READ, query=ViewQuery, reply=ViewList)
def list_views(request: StudioRequest, query: ViewQuery) -> ViewList:
    """List the views that the caller may see, the newest first."""
    user = signed_in_user(request)
    views = matching(views_in(workspace_of(request), user), query.find)
    views = only(views, query.only, user)
    if query.after:
        if not (query.after.isascii() and query.after.isdigit()):
            raise InvalidValue("after is not a cursor of this list", field="after")
        views = views.filter(pk__lt=min(int(query.after[:19]), 2**63 - 1))
    found = list(views.order_by("-pk")[: query.limit + 1])
    shown = found[: query.limit]
    after = str(shown[-1].pk) if len(found) > query.limit else ""
    return ViewList([listed_view(each) for each in shown], after)


@endpoint("POST", Permission.VIEWS, body=NewView, reply=ViewInfo, status=201)
@transaction.atomic
def create_view(request: StudioRequest, body: NewView) -> ViewInfo:
    """Make a view of the caller's own; a shared one needs the role contributor."""
    if body.shared:
        check_may_share(request.role)
    view = actions.create_view(
        workspace_of(request),
        body.name,
        actions.State(
            ViewSpec.from_json(body.state), experiment_named(request, body.experiment)
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
    """Read one view, and what it names that is gone."""
    return view_info(request, view_of(request, slug))


@endpoint("PATCH", Permission.VIEWS, body=ViewPatch, reply=ViewInfo)
@transaction.atomic
def change_view(request: StudioRequest, slug: str, body: ViewPatch) -> ViewInfo:
    """Rename, describe, share, lock a view, or save another state (a revision).

    An experiment, null for All runs, is saved as a revision too, with a state or alone.
    """
    view, user = view_of(request, slug), signed_in_user(request)
    changes: dict[str, Any] = {
        name: value
        for name in actions.FIELDS
        if not isinstance(value := getattr(body, name), UnsetType)
    }
    check_may_set(view, changes, user, request.role)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if body.state is not UNSET or body.experiment is not UNSET:
        save(request, view, body, who)
    actions.edit_view(view, changes, **who)
    return view_info(request, view)


def save(
    request: StudioRequest, view: View, body: ViewPatch, who: dict[str, Any]
) -> None:
    wanted = actions.state_of(view)
    if not isinstance(body.state, UnsetType):
        wanted = replace(wanted, spec=ViewSpec.from_json(body.state))
    if not isinstance(body.experiment, UnsetType):
        here, name = list_named(request, body.experiment, view)
        wanted = replace(wanted, experiment=here, experiment_name=name)
    seen = view.revision if isinstance(body.revision, UnsetType) else body.revision
    try:
        actions.save_view(view, wanted, seen=seen, **who)
    except Conflict as error:
        raise conflict_told(request, view, seen, error) from error


@endpoint("DELETE", Permission.VIEWS, reply=ViewInfo)
def delete_view(request: StudioRequest, slug: str) -> ViewInfo:
    """Delete a view; it can be restored for 30 days."""
    view = view_of(request, slug)
    check_may_edit(view, signed_in_user(request), request.role)
    actions.delete_view(view, actor=request.actor, now=now_ms())
    return view_info(request, view)


@endpoint("POST", Permission.VIEWS, reply=ViewInfo)
def restore_view(request: StudioRequest, slug: str) -> ViewInfo:
    """Bring a deleted view back."""
    user = signed_in_user(request)
    view = find_view(slug, user, workspace_of(request), deleted=True)
    check_may_edit(view, user, request.role)
    actions.restore_view(view, actor=request.actor, now=now_ms())
    return view_info(request, view)


@endpoint("PUT", Permission.STAR, reply=Starred)
def star_view(request: StudioRequest, slug: str) -> Starred:
    """Star a view for the caller: it stands in the navigation."""
    return _starred(request, slug, True)


@endpoint("DELETE", Permission.STAR, reply=Starred)
def unstar_view(request: StudioRequest, slug: str) -> Starred:
    """Remove the caller's star of a view."""
    return _starred(request, slug, False)


def _starred(request: StudioRequest, slug: str, on: bool) -> Starred:
    view, user = view_of(request, slug), signed_in_user(request)
    view_choices.star_view(view, user, on, actor=request.actor, now=now_ms())
    return Starred(on)


@endpoint("POST", Permission.READ, body=CloneTo, reply=ViewInfo, status=201)
def clone_view(request: StudioRequest, slug: str, body: CloneTo) -> ViewInfo:
    """Copy a view to another workspace of the caller, as a private one.

    An experiment of the same name is its list there; selected runs stay behind.
    """
    view = view_of(request, slug)
    enter(request, body.workspace)
    state = actions.state_of(view)
    name = list_name(view)
    spec = state.spec.changed(selected=(), only=False, tree=())
    experiment = experiment_here(request, name)
    made = actions.create_view(
        workspace_of(request),
        body.name or view.name,
        actions.State(spec, experiment, name or ""),
        description=view.description,
        actor=request.actor,
        now=now_ms(),
    )
    return view_info(request, made)


def view_of(request: StudioRequest, slug: str) -> View:
    """The view as the caller may see it; NotFound for all else."""
    return find_view(slug, signed_in_user(request), workspace_of(request))
