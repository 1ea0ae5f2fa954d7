"""Forms of views: save, save as, edit, share, delete, restore."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from runs.access import (
    Permission,
    access,
    check_can_change_view,
    check_can_edit_view,
    check_can_share_views,
    view_by_method,
)
from runs.actions import views as view_actions
from runs.models import Role, View, now_ms
from runs.pages.descriptions import render_description
from runs.pages.lists import list_address, saved_view_href, view_save_refusal
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from runs.pages.undo import last_undo_href
from runs.pages.views.edit_conflict import edit_conflict_page
from runs.pages.views.forms import DeleteViewForm, SaveViewForm, ViewForm
from runs.pages.views.return_paths import (
    read_list_state,
    return_path,
    return_path_after_sharing,
)
from runs.search.views import find_last_edit, find_view
from studio.core.errors import Conflict, InvalidValue
from studio.core.view_spec import without_parameter


@access(Permission.VIEWS)
@require_POST
def save_view(request: PageRequest, slug: str) -> HttpResponse:
    """Save the list as the view; if another member saved since, show both changes."""
    view = _find_view(request, slug)
    check_can_edit_view(view, request.actor.user, request.role)
    sent = SaveViewForm(request.POST).check()
    spec, experiment = read_list_state(request, sent["state"])
    seen = spec.view_revision if sent["seen"] is None else sent["seen"]
    before = view.revision
    state = view_actions.ViewState(spec.changed(), experiment)
    try:
        view_actions.save_view(
            view, state, seen_version=seen or before, actor=request.actor, now=now_ms()
        )
    except Conflict:
        return edit_conflict_page(request, slug, state, seen)
    # Saving an unchanged list makes no revision, and gets no message.
    if view.revision != before:
        message = pgettext("toast about a view", "Saved %s") % view.name
        messages.success(request, message, extra_tags=last_undo_href(request))
    return redirect(saved_view_href(request.workspace.name, view, experiment))


@access(Permission.VIEWS)
def _show_new_form(request: PageRequest) -> HttpResponse:
    """Show the form of a new view; the query string is that of the list, with `in`."""
    parameters = request.GET.copy()
    name, described = (
        parameters.pop("name", [""])[0],
        parameters.pop("description", [""])[0],
    )
    context = {
        "state": parameters.urlencode(),
        "values": {"name": name, "description": described, "shared": False},
    }
    return _render_view_form(request, None, context)


@access(Permission.VIEWS)
def _create_view(request: PageRequest) -> HttpResponse:
    form = ViewForm(request.POST).check()
    sent, values = form["state"], _editable_values(form)
    if form["preview"]:
        return _preview_description(request, None, {"state": sent, "values": values})
    spec, experiment = read_list_state(request, sent)
    # A private view needs no further right; sharing one does.
    if values["shared"]:
        check_can_share_views(request.role)
    try:
        view = view_actions.create_view(
            request.workspace,
            values.pop("name"),
            view_actions.ViewState(spec.changed(), experiment),
            **values,
            actor=request.actor,
            now=now_ms(),
        )
    except InvalidValue as error:
        context = {
            "state": sent,
            "values": _editable_values(form),
            "problem": error.message,
        }
        return _render_view_form(request, None, context, refused=True)
    message = pgettext("toast about a view", "Saved as %s") % view.name
    messages.success(request, message, extra_tags=last_undo_href(request))
    return redirect(saved_view_href(request.workspace.name, view, experiment))


create_view = view_by_method(GET=_show_new_form, POST=_create_view)


@access(Permission.VIEWS)
def _show_edit_form(request: PageRequest, slug: str) -> HttpResponse:
    view = _find_view(request, slug)
    values = {name: getattr(view, name) for name in view_actions.EDITABLE_FIELDS}
    return _render_view_form(request, view, {"values": values})


@access(Permission.VIEWS)
def _save_changes(request: PageRequest, slug: str) -> HttpResponse:
    view, form = _find_view(request, slug), ViewForm(request.POST).check()
    values = _editable_values(form)
    # Without a version token a script sends the form.
    seen = form["seen"]
    is_own = view.owner_id == request.actor.user.pk
    # The form has no inputs for these, so they keep their values.
    if not is_own:
        values["shared"] = view.shared
        if request.role < Role.OWNER:
            values["locked"] = view.locked
    if form["preview"]:
        return _preview_description(request, view, {"values": values, "seen": seen})
    check_can_change_view(view, values, request.actor.user, request.role)
    before = view.revision
    try:
        change_set = view_actions.edit_view(
            view, values, seen_version=seen, actor=request.actor, now=now_ms()
        )
    except InvalidValue as error:
        context = {"values": values, "problem": error.message, "seen": seen}
        return _render_view_form(request, view, context, refused=True)
    except Conflict:
        context = {"values": values, **_conflict_context(view, values)}
        return _render_view_form(request, view, context, refused=True)
    if change_set is not None:
        messages.success(
            request,
            pgettext("toast after a view was edited", "Changed"),
            extra_tags=last_undo_href(request),
        )
    return redirect(return_path_after_sharing(request, view, before))


edit_view = view_by_method(GET=_show_edit_form, POST=_save_changes)


@access(Permission.VIEWS)
@require_POST
def share_view(request: PageRequest, slug: str) -> HttpResponse:
    """Share the view with the workspace; the list then offers its link."""
    view = _find_view(request, slug)
    check_can_change_view(view, {"shared": True}, request.actor.user, request.role)
    changes, before = {"shared": True}, view.revision
    if view_actions.edit_view(view, changes, actor=request.actor, now=now_ms()):
        message = _("Everyone in %s can now see this view") % request.workspace.name
        messages.success(request, message, extra_tags=last_undo_href(request))
    return redirect(return_path_after_sharing(request, view, before))


@access(Permission.VIEWS)
@require_POST
def delete_view(request: PageRequest, slug: str) -> HttpResponse:
    """Delete the view; the list stays as it is, without a view."""
    view = _find_view(request, slug)
    check_can_edit_view(view, request.actor.user, request.role)
    state = view_actions.read_view_state(view)
    view_actions.delete_view(view, actor=request.actor, now=now_ms())
    message = pgettext("toast about a view", "Deleted %s") % view.name
    messages.success(request, message, extra_tags=last_undo_href(request))
    if DeleteViewForm(request.POST).check()["back"]:
        return redirect(return_path(request))
    # The list's address must not name a view that no longer exists.
    spec = without_parameter(state.spec, "view")
    return redirect(list_address(request.workspace.name, state.experiment, spec))


@access(Permission.VIEWS)
@require_POST
def restore_view(request: PageRequest, slug: str) -> HttpResponse:
    user = request.actor.user
    view = find_view(slug, user, request.workspace, deleted=True)
    check_can_edit_view(view, user, request.role)
    view_actions.restore_view(view, actor=request.actor, now=now_ms())
    messages.success(request, pgettext("toast about a view", "Restored %s") % view.name)
    return redirect(return_path(request))


def _find_view(request: PageRequest, slug: str) -> View:
    return find_view(slug, request.actor.user, request.workspace)


def _editable_values(form: dict[str, Any]) -> dict[str, Any]:
    return {name: form[name] for name in view_actions.EDITABLE_FIELDS}


def _preview_description(
    request: PageRequest, view: View | None, context: dict[str, Any]
) -> HttpResponse:
    """Show the rendered description; without a script, below its input."""
    preview = render_description(request, context["values"]["description"])
    if request.htmx:
        return render(
            request, "descriptions/_description_preview.html", {"preview": preview}
        )
    return _render_view_form(request, view, context | {"preview": preview})


def _conflict_context(view: View, values: dict[str, Any]) -> dict[str, Any]:
    """Return another member's newer texts; saving again overwrites them."""
    changed = find_last_edit(view)
    return {
        "theirs": [
            name
            for name in view_actions.EDITABLE_FIELDS
            if getattr(view, name) != values[name]
        ],
        "their_name": changed.actor if changed else None,
        "seen": view_actions.editable_fields_token(view),
    }


def _render_view_form(
    request: PageRequest,
    view: View | None,
    context: dict[str, Any],
    *,
    refused: bool = False,
) -> HttpResponse:
    """Show the form as a dialog, or without a script as a page."""
    own = view is None or view.owner_id == request.actor.user.pk
    workspace = request.workspace.name
    # After a refusal, the token of the first form is kept, or later edits would be
    # lost.
    if view and not context.get("seen"):
        context["seen"] = view_actions.editable_fields_token(view)
    context |= {
        "view": view,
        "title": _("Edit view") if view else _("Save as new view"),
        "action": reverse("view-edit", args=[workspace, view.slug])
        if view
        else reverse("view-new", args=[workspace]),
        "refusal": view_save_refusal(request, view) if view else "",
        "may_share": own and request.role >= Permission.SHARE_VIEWS.role,
        "may_lock": own or request.role == Role.OWNER,
        "back": return_path(request),
    }
    template = "views/_view_form.html" if request.htmx else "views/view_form.html"
    return render(
        request, template, context, status=FORM_ERROR_STATUS if refused else 200
    )
