"""The view's part of a list's head: which it is, what was changed, what may be done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from runs.access.origins import public_origin
from runs.access.rules import Permission
from runs.models import Experiment, Role, View
from runs.models.views import may_edit
from runs.pages.list_scope import ListScope, scope_in
from runs.pages.members_only import PageRequest
from runs.pages.view_state import (
    BUILT_IN,
    ListState,
    address_of,
    list_of,
    spec_of,
)
from runs.render import view_words
from studio.core.viewdiff import NOTHING, Difference, differences, overriding
from studio.core.viewspec import Column, ViewSpec
from studio.core.viewtext import joined

#: Says to the menu that the list shows these columns and nobody chose them.
UNCHOSEN = "unchosen"


def bar(
    request: PageRequest,
    state: ListState,
    experiment: Experiment | None,
    columns: tuple[Column, ...],
) -> dict[str, Any]:
    """`columns` are those that the list shows: what is saved says them."""
    view, workspace = state.view, request.workspace.name
    spec = state.spec.changed()
    scope = scope_in(request, experiment)
    if view is None and scope.q:
        state = replace(state, base=replace(state.base, q=scope.q))
    found = changes(state, experiment)
    kept = replace(spec, columns=columns, has_columns=True)
    given = {"in": scope.number} if scope.number else {}
    query = "&".join(filter(None, [kept.to_query(), urlencode(given)]))
    unchosen = "" if spec.has_columns else f"&{UNCHOSEN}=1"
    return {
        "view": view,
        "view_name": view.name if view else _("Default"),
        "view_changed": view_words.summary(found),
        "view_lines": view_words.lines(found),
        "view_state": query,
        "view_is_stale": state.is_stale,
        "save_refusal": save_refusal(request, view),
        "reset_href": reset_href(workspace, view, experiment)
        if view
        else _at(scope, ViewSpec(view=BUILT_IN)),
        "view_menu_href": f"{reverse('view-menu', args=[workspace])}?{query}{unchosen}",
        "save_as_href": f"{reverse('view-new', args=[workspace])}?{query}",
        "back": _at(scope, state.spec),
        "share_text": share_text(request, state, scope),
        "is_own_view": view is not None and view.owner_id == request.actor.user.pk,
    }


def _at(scope: ListScope, spec: ViewSpec) -> str:
    """The page's own list in that state."""
    query = spec.to_query()
    return scope.path + (f"?{query}" if query else "")


def changes(state: ListState, experiment: Experiment | None) -> list[Difference]:
    """What the list shows otherwise than the view that it began from."""
    base, view, spec = state.base, state.view, state.spec
    if base.has_columns == spec.has_columns:
        found = list(differences(base, spec))
    else:
        # Of columns that nobody chose it would cost queries to say which they are.
        found = list(differences(replace(base, columns=spec.columns), spec))
        found.append(Difference("columns", _chosen(base), _chosen(spec)))
    there = list_of(view) if view else experiment
    if (there and there.pk) != (experiment and experiment.pk):
        names = (each.name if each else NOTHING for each in (there, experiment))
        found.append(Difference("list", *names))
    return found


def _chosen(spec: ViewSpec) -> str:
    return joined(spec.columns) if spec.has_columns else NOTHING


def save_refusal(request: PageRequest, view: View | None) -> str:
    """Why it cannot be saved under its name; empty if it can."""
    if view is None:
        return _("The built-in view stays as it is. Save yours under a name.")
    if may_edit(view, request.actor.user, request.role):
        return ""
    if view.locked and request.role >= Role.CONTRIBUTOR:
        return _("%s locked this view. Save yours under another name.") % view.owner
    need = Permission.SHARE_VIEWS.role.label
    return _("This needs the role %(role)s.") % {"role": need}


def reset_href(workspace: str, view: View | None, experiment: Experiment | None) -> str:
    """The view as it was saved."""
    if view is None:
        return address_of(workspace, experiment, ViewSpec(view=BUILT_IN))
    return address_of(workspace, list_of(view), spec_of(view))


def share_text(request: PageRequest, state: ListState, scope: ListScope) -> str:
    """The address that shows to others what is shown here."""
    origin = public_origin(request)
    view = state.view
    if view is None:
        spec = state.spec.changed()
        return origin + _at(scope, spec)
    query = overriding(spec_of(view), state.spec)
    path = reverse("view", args=[view.slug])
    return origin + path + (f"?{query}" if query else "")
