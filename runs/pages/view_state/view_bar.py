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
from runs.pages.lists.list_state import ListState
from runs.pages.requests.page_request import PageRequest
from runs.pages.view_state.state import (
    BUILT_IN,
    address_of,
    list_of,
    spec_of,
)
from runs.render.views import differences as view_words
from studio.core.viewdiff import NOTHING, Difference, differences, overriding
from studio.core.viewspec import Column, ViewSpec
from studio.core.viewtext import joined

#: Says to the menu that the list shows these columns and nobody chose them.
UNCHOSEN = "unchosen"


def bar(
    request: PageRequest, state: ListState, columns: tuple[Column, ...]
) -> dict[str, Any]:
    """`columns` are those that the list shows: what is saved says them."""
    origin, view, workspace = state.origin, state.view, state.workspace.name
    spec, scope = state.spec.changed(), state.scope
    found = changes(state)
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
        "reset_href": address_of(workspace, list_of(origin.view), origin.newest)
        if origin
        else scope.at(ViewSpec(view=BUILT_IN)),
        "view_menu_href": f"{reverse('view-menu', args=[workspace])}?{query}{unchosen}",
        "save_as_href": f"{reverse('view-new', args=[workspace])}?{query}",
        "back": scope.at(state.spec),
        "share_text": share_text(request, state),
        "is_own_view": view is not None and view.owner_id == state.viewer.pk,
    }


def changes(state: ListState) -> list[Difference]:
    """What the list shows otherwise than the view that it began from."""
    origin, spec, experiment = state.origin, state.spec, state.experiment
    base = origin.base if origin else ViewSpec(q=state.scope.q)
    if base.has_columns == spec.has_columns:
        found = list(differences(base, spec))
    else:
        # Of columns that nobody chose it would cost queries to say which they are.
        found = list(differences(replace(base, columns=spec.columns), spec))
        found.append(Difference("columns", _chosen(base), _chosen(spec)))
    there = list_of(origin.view) if origin else experiment
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


def share_text(request: PageRequest, state: ListState) -> str:
    """The address that shows to others what is shown here."""
    server, origin = public_origin(request), state.origin
    if origin is None:
        return server + state.scope.at(state.spec.changed())
    query = overriding(origin.newest, state.spec)
    path = reverse("view", args=[origin.view.slug])
    return server + path + (f"?{query}" if query else "")
