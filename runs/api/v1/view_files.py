"""REST: export views to a YAML file, and apply such a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from msgspec import Struct

from runs.access import (
    Permission,
    StudioRequest,
    check_can_change_view,
    check_can_share_views,
    signed_in_user,
    workspace_of,
)
from runs.actions import views as view_actions
from runs.api.v1 import view_yaml
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import RequestStruct
from runs.api.v1.view_replies import (
    list_differences,
    listed_experiment_name,
    resolve_listed_experiment,
    view_diff_reply,
)
from runs.api.v1.view_yaml import ViewFile
from runs.models import User, View, now_ms
from runs.search.views import filter_by_owner, filter_by_words, visible_views_in
from studio.core import names
from studio.core.errors import InvalidValue, StudioError
from studio.core.view_differences import differences
from studio.core.view_spec import ViewSpec, read_stored

CREATED, CHANGED, SAME = "created", "changed", "unchanged"


class ExportQuery(RequestStruct):
    """`find`: words of the name or description. `only`: shared, mine, or all."""

    find: str = ""
    only: str = "all"


class ViewApply(RequestStruct):
    """`yaml` is the text of an exported file. `dry`: only report what would change."""

    yaml: str
    dry: bool = False


class AppliedView(Struct):
    """`action` is created, changed or unchanged; the rest describes the changes."""

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
    """Export the views that the caller can see as YAML (at most 1,000).

    With more views the file has the first ones by name, and starts with a comment.
    """
    user = signed_in_user(request)
    views = filter_by_words(visible_views_in(workspace_of(request), user), query.find)
    views = filter_by_owner(views, query.only, user)
    found = list(views.order_by("name", "pk")[: view_yaml.MAX_VIEWS])
    text = view_yaml.views_to_yaml(found, views.count())
    return HttpResponse(text, content_type="application/yaml; charset=utf-8")


@endpoint("POST", Permission.VIEWS, body=ViewApply, reply=AppliedViews)
def apply_views(request: StudioRequest, body: ViewApply) -> AppliedViews:
    """Create and change views from a file: all of them, or none if there is an error.

    An entry matches a view by its slug, or else by its name among shared views (or the
    caller's own, as the entry says). Entries of the same name match different views:
    the second one matches the next view of that name, or creates one. The previous
    state stays among the view's revisions.
    """
    entries = view_yaml.views_from_yaml(body.yaml)
    with transaction.atomic():
        # All entries first: applying one can rename a view that another entry would
        # match.
        views = _find_view_of_each_entry(request, entries)
        found = []
        for number, (entry, view) in enumerate(zip(entries, views, strict=True)):
            with _add_entry_to_errors(number, entry):
                found.append(_apply_entry(request, entry, view))
        # A dry run does everything and takes it back. So it reports exactly the errors
        # and changes of the real one.
        if body.dry:
            transaction.set_rollback(True)
    return AppliedViews(found, body.dry)


def _apply_entry(
    request: StudioRequest, entry: ViewFile, view: View | None
) -> AppliedView:
    state = view_actions.ViewState(
        ViewSpec.from_json(entry.state),
        *resolve_listed_experiment(request, entry.experiment, view),
    )
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if view is None:
        return _create_from_entry(request, entry, state, who)
    changes = {name: getattr(entry, name) for name in view_actions.EDITABLE_FIELDS}
    # For each entry: the permission for the endpoint does not cover locked and shared
    # views.
    check_can_change_view(view, changes, signed_in_user(request), request.role)
    before, old_list = view.spec, listed_experiment_name(view)
    changed_fields = [
        name
        for name in view_actions.EDITABLE_FIELDS
        if getattr(view, name) != changes[name]
    ]
    view_actions.edit_view(view, changes, **who)
    view_actions.save_view(view, state, seen_version=view.revision, **who)
    now = View.objects.select_related("experiment").get(pk=view.pk)
    found = [
        *differences(read_stored(before)[0], read_stored(now.spec)[0]),
        *list_differences(old_list, listed_experiment_name(now)),
    ]
    diff = view_diff_reply(found)
    summary = ", ".join(filter(None, [diff.summary, *changed_fields]))
    texts = [each.text for each in diff.differences] + changed_fields
    action = CHANGED if texts else SAME
    return AppliedView(entry.name, view.slug, action, summary, texts)


def _create_from_entry(
    request: StudioRequest,
    entry: ViewFile,
    state: view_actions.ViewState,
    who: dict[str, Any],
) -> AppliedView:
    if entry.shared:
        check_can_share_views(request.role)
    view = view_actions.create_view(
        workspace_of(request),
        entry.name,
        state,
        description=entry.description,
        shared=entry.shared,
        locked=entry.locked,
        **who,
    )
    return AppliedView(entry.name, view.slug, CREATED, "", [])


def _find_view_of_each_entry(
    request: StudioRequest, entries: list[ViewFile]
) -> list[View | None]:
    """Return the view that each entry matches, if any; each view once.

    Only views that the caller can see are matched. So callers can't learn whether a
    slug exists in another workspace.
    """
    user = signed_in_user(request)
    views = visible_views_in(workspace_of(request), user)
    slugs = [entry.slug for entry in entries if entry.slug]
    fit = [slug for slug in slugs if slug.isascii() and slug.isalnum()]
    by_slug = {view.slug: view for view in views.filter(slug__in=fit)}
    # Slugs are matched first, so no entry takes by name a view that another one names
    # by slug.
    taken = {view.pk for view in by_slug.values()}
    found: list[View | None] = []
    for number, entry in enumerate(entries):
        with _add_entry_to_errors(number, entry):
            names.check_display_name(entry.name)
            if slugs.count(entry.slug) > 1:
                raise InvalidValue(
                    _("The slug %(slug)r is twice in the file.") % {"slug": entry.slug}
                )
        view = by_slug.get(entry.slug) or _first_unmatched_view_with_name(
            views, entry, user, taken
        )
        found.append(view)
        taken |= {view.pk} if view else set()
    return found


def _first_unmatched_view_with_name(
    views: QuerySet[View], entry: ViewFile, user: User, taken: set[int]
) -> View | None:
    """Return the first view of the entry's name that no other entry matches."""
    same_name = views.filter(name=entry.name, shared=entry.shared)
    if not entry.shared:
        same_name = same_name.filter(owner=user)
    return next((v for v in same_name.order_by("pk") if v.pk not in taken), None)


@contextmanager
def _add_entry_to_errors(number: int, entry: ViewFile) -> Iterator[None]:
    """Name the entry of the file in errors."""
    try:
        yield
    except StudioError as error:
        text = f"views[{number}] ({entry.name}): {error.message}"
        details = {**error.details, "field": f"views[{number}]"}
        raise type(error)(text, **details) from error
