"""Views out to a file and in from one: export, apply, and what that would change."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from msgspec import Struct

from runs.access.rules import (
    Permission,
    StudioRequest,
    signed_in_user,
    workspace_of,
)
from runs.access.views import check_may_set, check_may_share
from runs.actions import views as actions
from runs.actions.clock import now_ms
from runs.api.http import endpoint
from runs.api.v1 import view_yaml
from runs.api.v1.shapes import Given
from runs.api.v1.view_infos import diff_info, experiment_named, list_difference
from runs.api.v1.view_yaml import ViewFile
from runs.models import View
from runs.search.views import matching, only, views_in
from studio.core.errors import StudioError
from studio.core.viewdiff import differences
from studio.core.viewlenient import read_stored
from studio.core.viewspec import ViewSpec

CREATED, CHANGED, SAME = "created", "changed", "unchanged"


class ExportQuery(Given):
    """`find`: words of the name or description. `only`: shared, mine, or all."""

    find: str = ""
    only: str = "all"


class ViewApply(Given):
    """`yaml` is the text of an exported file. `dry`: only say what would change."""

    yaml: str
    dry: bool = False


class AppliedView(Struct):
    """`action` is created, changed or unchanged; the rest says what, in words."""

    name: str
    slug: str
    action: str
    summary: str
    differences: list[str]


class AppliedViews(Struct):
    views: list[AppliedView]
    dry: bool


@endpoint("GET", Permission.READ, query=ExportQuery)
def export_views(request: StudioRequest, query: ExportQuery) -> HttpResponse:
    """Write the views that the caller may see as YAML (at most 1,000)."""
    user = signed_in_user(request)
    views = matching(views_in(workspace_of(request), user), query.find)
    views = only(views, query.only, user)
    found = list(views.order_by("name", "pk")[: view_yaml.MAX_VIEWS])
    text = view_yaml.written(found)
    return HttpResponse(text, content_type="application/yaml; charset=utf-8")


@endpoint("POST", Permission.VIEWS, body=ViewApply, reply=AppliedViews)
def apply_views(request: StudioRequest, body: ViewApply) -> AppliedViews:
    """Make views as a file says: all of them, or with an error none.

    A view is known by its slug, or else by its name among those that are shared (or the
    caller's own) as the file says. What it said before stays among its revisions.
    """
    entries = view_yaml.read(body.yaml)
    with transaction.atomic():
        found = [_applied(request, n, entry) for n, entry in enumerate(entries)]
        if body.dry:
            transaction.set_rollback(True)
    return AppliedViews(found, body.dry)


def _applied(request: StudioRequest, number: int, entry: ViewFile) -> AppliedView:
    try:
        return _apply(request, entry)
    except StudioError as error:
        error.message = f"views[{number}] ({entry.name}): {error.message}"
        error.args = (error.message,)
        error.details["field"] = f"views[{number}]"
        raise


def _apply(request: StudioRequest, entry: ViewFile) -> AppliedView:
    spec = ViewSpec.from_json(entry.state)
    state = actions.State(spec, experiment_named(request, entry.experiment))
    view = _known(request, entry)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if view is None:
        return _made(request, entry, state, who)
    changes = {name: getattr(entry, name) for name in actions.FIELDS}
    check_may_set(view, changes, signed_in_user(request), request.role)
    before, stood = view.spec, view.experiment_name
    told = [name for name in actions.FIELDS if getattr(view, name) != changes[name]]
    actions.edit_view(view, changes, **who)
    actions.save_view(view, state, seen=view.revision, **who)
    now = View.objects.get(pk=view.pk)
    found = [
        *differences(read_stored(before)[0], read_stored(now.spec)[0]),
        *list_difference(stood or None, now.experiment_name or None),
    ]
    diff = diff_info(found)
    summary = ", ".join(filter(None, [diff.summary, *told]))
    texts = [each.text for each in diff.differences] + told
    action = CHANGED if texts else SAME
    return AppliedView(entry.name, view.slug, action, summary, texts)


def _made(
    request: StudioRequest, entry: ViewFile, state: actions.State, who: dict[str, Any]
) -> AppliedView:
    if entry.shared:
        check_may_share(request.role)
    view = actions.create_view(
        workspace_of(request),
        entry.name,
        state,
        description=entry.description,
        shared=entry.shared,
        locked=entry.locked,
        **who,
    )
    return AppliedView(entry.name, view.slug, CREATED, "", [])


def _known(request: StudioRequest, entry: ViewFile) -> View | None:
    """The view that the entry means, among those that the caller may see.

    A slug of elsewhere means nothing here: whether it is taken is not to be learned.
    """
    user = signed_in_user(request)
    views = views_in(workspace_of(request), user)
    fits = entry.slug.isascii() and entry.slug.isalnum()
    found = views.filter(slug=entry.slug).first() if fits else None
    if found is not None:
        return found
    alike = views.filter(name=entry.name, shared=entry.shared)
    if not entry.shared:
        alike = alike.filter(owner=user)
    return alike.order_by("pk").first() if "\x00" not in entry.name else None
