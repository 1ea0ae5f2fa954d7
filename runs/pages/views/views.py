"""Custom views: opened by links, chosen in the menu, managed on a page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from runs.access import SIGNED_IN, Permission, StudioRequest, access, enter_workspace
from runs.actions import views as view_actions
from runs.models import Role, View, can_edit_view, now_ms
from runs.pages.lists import (
    BUILT_IN_VIEW,
    DEFAULT_COLUMNS_PARAMETER,
    find_scope,
    open_view_link,
    read_part_state_tolerantly,
    view_bar_context,
    with_named_view,
)
from runs.pages.requests import PageRequest, StarForm, with_vary_headers
from runs.pages.run_list import show_list
from runs.pages.views.forms import DefaultViewForm
from runs.pages.views.return_paths import return_path, return_path_context
from runs.search.comments import count_comments
from runs.search.notify import followed_views, is_followed
from runs.search.views import (
    filter_by_words,
    find_defaults,
    find_menu,
    find_view,
    list_deleted_views,
    split_search_words,
    visible_views_in,
)
from studio.core import view_text
from studio.core.errors import InvalidValue, PermissionDenied
from studio.core.view_spec import without_parameter

#: Views on a page of the list of views.
ROWS = 100


@access(SIGNED_IN)
@require_safe
def open_view(request: StudioRequest, slug: str) -> HttpResponseBase:
    """Show the list of the view, with the changes in the address."""
    page_request: Any = request
    view = find_view(slug, page_request.actor.user)
    # The address names no workspace, so the role is checked here.
    enter_workspace(request, view.workspace.name)
    return show_list(page_request, open_view_link(page_request, view))


@access(Permission.READ)
@require_safe
def view_menu(request: PageRequest) -> HttpResponse:
    """Show the menu *Current view*; the parameters are those of the list."""
    state = with_named_view(read_part_state_tolerantly(request))
    find = request.GET.get("find", "").strip()[:200]
    # Without a script, the page of views has the same choices.
    if not request.htmx:
        return redirect("views", request.workspace.name)
    found = find_menu(request.workspace, request.actor.user, find)
    columns = state.spec.columns
    # The address lists default columns for *Save as*, but they are no change of the
    # view.
    if request.GET.get(DEFAULT_COLUMNS_PARAMETER) == "1":
        state = replace(state, spec=without_parameter(state.spec, "columns"))
    context = {
        **view_bar_context(request, state, columns),
        "sections": [
            (_("Private"), _menu_entries(found.private), found.more_private),
            (
                _("Shared with the workspace"),
                _menu_entries(found.shared),
                found.more_shared,
            ),
        ],
        "view_comments": count_comments(state.view) if state.view else 0,
        "view_followed": state.view is not None
        and is_followed(request.actor.user, request.workspace, state.view),
        "find": find,
        "built_in": all(
            word in pgettext("name of the built-in view", "Default").casefold()
            for word in split_search_words(find)
        ),
        "list_path": state.scope.path,
    }
    part = (
        "views/_view_choices.html" if "find" in request.GET else "views/_view_menu.html"
    )
    return with_vary_headers(render(request, part, context))


def _menu_entries(views: Any) -> list[tuple[View, str]]:
    return [(view, _view_note(view)) for view in views]


def _view_note(view: View) -> str:
    """Return a short note on what the view shows, such as `3 charts`."""
    spec = view.spec if isinstance(view.spec, dict) else {}
    charts, columns = (
        _count_spec_items(spec, "charts"),
        _count_spec_items(spec, "columns"),
    )
    if charts:
        return ngettext("%s chart", "%s charts", charts) % charts
    if spec.get("group"):
        return pgettext("contents of a view", "grouped")
    return ngettext("%s column", "%s columns", columns) % columns if columns else ""


def _count_spec_items(spec: dict[str, Any], name: str) -> int:
    try:
        return len(view_text.split_outside_quotes(str(spec.get(name, "")), ",", name))
    except InvalidValue:
        return 0


@access(Permission.READ)
@require_safe
def views_page(request: PageRequest) -> HttpResponse:
    """Show all visible views, and deleted ones that can be restored."""
    workspace, user = request.workspace, request.actor.user
    find = request.GET.get("find", "").strip()[:200]
    rows = filter_by_words(visible_views_in(workspace, user), find)
    total, after = rows.count(), request.GET.get("after", "")
    start = int(after) if after.isdecimal() and len(after) < 6 else 0
    if start >= total:
        # The page no longer exists: show the last one.
        start = max(total - 1, 0) // ROWS * ROWS
    found = list(rows.order_by("name", "pk")[start : start + ROWS + 1])
    deleted = list_deleted_views(workspace, user) if not find else []
    context = {
        "views": found[:ROWS],
        "find": find,
        "total": total,
        "next": start + ROWS if len(found) > ROWS else 0,
        "previous": max(start - ROWS, 0) if start else None,
        "deleted": deleted,
        "editable": {
            each.pk
            for each in (*found, *deleted)
            if can_edit_view(each, user, request.role)
        },
        "chosen": find_defaults(workspace, user),
        "followed": followed_views(user, workspace),
        "is_owner": request.role == Role.OWNER,
        **return_path_context(request),
    }
    return render(request, "views/views.html", context)


@access(Permission.STAR)
@require_POST
def star_view(request: PageRequest, slug: str) -> HttpResponse:
    view = find_view(slug, request.actor.user, request.workspace)
    on = StarForm(request.POST).check()["starred"]
    user = request.actor.user
    view_actions.star_view(view, user, on, actor=request.actor, now=now_ms())
    if request.htmx:
        mark = request.htmx.trigger or "star"
        context = {"starred": on, "href": request.path, "mark": mark}
        return render(request, "site/_star.html", context)
    return redirect(return_path(request))


@access(Permission.VIEWS)
@require_POST
def choose_default_view(request: PageRequest) -> HttpResponse:
    """Set the view that its list opens with.

    `view` is a slug, "default" for the built-in view, or empty for none.
    """
    sent, user = DefaultViewForm(request.POST).check(), request.actor.user
    everybody = sent["everybody"]
    if everybody and request.role != Role.OWNER:
        raise PermissionDenied(_("Only owners can set the workspace default."))
    slug = sent["view"]
    owner = None if everybody else user
    if slug in ("", BUILT_IN_VIEW):
        view = None
        experiment = find_scope(request, sent["scope"]).experiment
    else:
        view = find_view(slug, user, request.workspace)
        # Also if it is in the trash: it can still be removed as the default.
        experiment = view.experiment
    if slug and sent["on"]:
        view_actions.set_default_view(
            request.workspace,
            experiment,
            view,
            user=owner,
            actor=request.actor,
            now=now_ms(),
        )
        message = _("The view %s now opens by default.") % (
            view.name if view else pgettext("name of the built-in view", "Default")
        )
    else:
        view_actions.clear_default_view(
            request.workspace,
            experiment,
            user=owner,
            actor=request.actor,
            now=now_ms(),
        )
        message = _("Removed as the default view.")
    messages.success(request, message)
    return redirect(return_path(request))
