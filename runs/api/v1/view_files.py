"""Views out to a file and in from one: export, apply, and what that would change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
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
from runs.actions.clock import now_ms
from runs.api.v1 import view_yaml
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import RequestStruct
from runs.api.v1.view_replies import (
    diff_info,
    list_differences,
    list_name,
    resolve_list,
)
from runs.api.v1.view_yaml import ViewFile
from runs.models import User, View
from runs.search.views import filter_by_owner, filter_by_words, views_in
from studio.core import names
from studio.core.errors import InvalidValue, StudioError
from studio.core.viewdiff import differences
from studio.core.viewlenient import read_stored
from studio.core.viewspec import ViewSpec

CREATED, CHANGED, SAME = "created", "changed", "unchanged"


class ExportQuery(RequestStruct):
    """`find`: words of the name or description. `only`: shared, mine, or all."""

    find: str = ""
    only: str = "all"


class ViewApply(RequestStruct):
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
    """Write the views that the caller may see as YAML (at most 1,000).

    Of more, the first ones by name; a comment at the file's beginning then says so.
    """
    user = signed_in_user(request)
    views = filter_by_words(views_in(workspace_of(request), user), query.find)
    views = filter_by_owner(views, query.only, user)
    found = list(views.order_by("name", "pk")[: view_yaml.MAX_VIEWS])
    text = view_yaml.write_views(found, views.count())
    return HttpResponse(text, content_type="application/yaml; charset=utf-8")


@endpoint("POST", Permission.VIEWS, body=ViewApply, reply=AppliedViews)
def apply_views(request: StudioRequest, body: ViewApply) -> AppliedViews:
    """Make views as a file says: all of them, or with an error none.

    A view is known by its slug, or else by its name among those that are shared (or the
    caller's own) as the file says. Entries of one name are views of their own: the
    second means the next view of that name, or makes one. What a view said before stays
    among its revisions.
    """
    entries = view_yaml.read_views(body.yaml)
    with transaction.atomic():
        views = _match_views(request, entries)
        found = []
        for number, (entry, view) in enumerate(zip(entries, views, strict=True)):
            with _errors_name_entry(number, entry):
                found.append(_apply_entry(request, entry, view))
        if body.dry:
            transaction.set_rollback(True)
    return AppliedViews(found, body.dry)


def _apply_entry(
    request: StudioRequest, entry: ViewFile, view: View | None
) -> AppliedView:
    state = view_actions.ViewState(
        ViewSpec.from_json(entry.state), *resolve_list(request, entry.experiment, view)
    )
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if view is None:
        return _create_from_entry(request, entry, state, who)
    changes = {name: getattr(entry, name) for name in view_actions.EDITABLE_FIELDS}
    check_can_change_view(view, changes, signed_in_user(request), request.role)
    before, stood = view.spec, list_name(view)
    told = [
        name
        for name in view_actions.EDITABLE_FIELDS
        if getattr(view, name) != changes[name]
    ]
    view_actions.edit_view(view, changes, **who)
    view_actions.save_view(view, state, seen_version=view.revision, **who)
    now = View.objects.select_related("experiment").get(pk=view.pk)
    found = [
        *differences(read_stored(before)[0], read_stored(now.spec)[0]),
        *list_differences(stood, list_name(now)),
    ]
    diff = diff_info(found)
    summary = ", ".join(filter(None, [diff.summary, *told]))
    texts = [each.text for each in diff.differences] + told
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


def _match_views(request: StudioRequest, entries: list[ViewFile]) -> list[View | None]:
    """The view that each entry means, among those that the caller may see; each once.

    A slug of elsewhere means nothing here: whether it is taken is not to be learned.
    """
    user = signed_in_user(request)
    views = views_in(workspace_of(request), user)
    slugs = [entry.slug for entry in entries if entry.slug]
    fit = [slug for slug in slugs if slug.isascii() and slug.isalnum()]
    by_slug = {view.slug: view for view in views.filter(slug__in=fit)}
    taken = {view.pk for view in by_slug.values()}
    found: list[View | None] = []
    for number, entry in enumerate(entries):
        with _errors_name_entry(number, entry):
            names.check_display_name(entry.name)
            if slugs.count(entry.slug) > 1:
                raise InvalidValue(f"The slug {entry.slug!r} stands twice in the file")
        view = by_slug.get(entry.slug) or _first_with_name(views, entry, user, taken)
        found.append(view)
        taken |= {view.pk} if view else set()
    return found


def _first_with_name(
    views: QuerySet[View], entry: ViewFile, user: User, taken: set[int]
) -> View | None:
    """The first of the entry's name that no other entry means."""
    alike = views.filter(name=entry.name, shared=entry.shared)
    if not entry.shared:
        alike = alike.filter(owner=user)
    return next((v for v in alike.order_by("pk") if v.pk not in taken), None)


@contextmanager
def _errors_name_entry(number: int, entry: ViewFile) -> Iterator[None]:
    """An error says which of the file's views it is about."""
    try:
        yield
    except StudioError as error:
        text = f"views[{number}] ({entry.name}): {error.message}"
        details = {**error.details, "field": f"views[{number}]"}
        raise type(error)(text, **details) from error
