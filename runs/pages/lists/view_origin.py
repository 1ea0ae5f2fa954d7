"""Which view a list was opened with, and what was changed since.

The address of a list opened with a view has `view=<slug>.<revision>` and the whole
state: the differences from that revision are the changes. `/v/<slug>/`, and a list
that opens with a default view, show that page without a redirect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.access import Permission, public_origin
from runs.models import Experiment, Role, User, View, can_edit_view
from runs.pages.lists.list_state import (
    ListState,
    ViewOrigin,
    build_scope,
    build_state,
    read_state_tolerantly,
    restore_line_breaks,
)
from runs.pages.requests import PageRequest, requested_format
from runs.render.filters import (
    deleted_items_text,
    difference_lines,
    summarize_differences,
)
from runs.render.formats import experiment_path
from runs.search.run_list import RunPage, RunRow
from runs.search.sql import KEY_KINDS
from runs.search.views import (
    find_default,
    find_missing_columns,
    find_missing_list,
    find_revision,
    find_view,
)
from studio.core.errors import NotFound
from studio.core.view_differences import (
    LIST_DEFAULT,
    Difference,
    differences,
    override_query,
)
from studio.core.view_spec import (
    Column,
    ParameterWarning,
    ViewSpec,
    apply_overrides,
    read_stored,
    without_parameter,
)
from studio.core.view_text import join_with_commas

#: What stands for the built-in view in an address.
BUILT_IN_VIEW = "default"


def read_page_state(request: PageRequest, experiment: Experiment | None) -> ListState:
    """Read the state from a list's address; without one, open the default view."""
    parameters, workspace = restore_line_breaks(request.GET), request.workspace
    scope = build_scope(workspace.name, experiment, parameters.get("in", ""))
    # Scripts get the built-in list: a default view must not change their results.
    if not (parameters or request.htmx or requested_format(request)):
        view = find_default(workspace, request.actor.user, experiment)
        if view is not None:
            origin = read_view_origin(view)
            opened = build_state(request, scope, origin.newest)
            return _at_own_address(replace(opened, origin=origin))
    return read_state_tolerantly(request, scope, parameters)


def open_view_link(request: PageRequest, view: View) -> ListState:
    """Return the list of the view, with the changes that its link contains.

    The list names the ignored parts of the link; its own address leaves them out.
    """
    experiment, origin = experiment_of_view(view), read_view_origin(view)
    scope = build_scope(view.workspace.name, experiment, "")
    spec, complaints = apply_overrides(origin.newest, request.GET.dict())
    state = build_state(request, scope, spec)
    path = list_path(view.workspace.name, experiment)
    warnings = tuple(complaints)
    return _at_own_address(
        replace(state, path=path, origin=origin, complaints=warnings)
    )


def _at_own_address(state: ListState) -> ListState:
    """Return the state as if its own address had been requested.

    The page names this address, so that browsers show it without a redirect.
    """
    query = state.spec.to_query()
    return replace(state, parameters=QueryDict(query), shown_at=f"{state.path}?{query}")


def with_named_view(state: ListState) -> ListState:
    """Return the state with the view that it names, looked up."""
    spec = state.spec
    if state.origin or spec.view_slug in ("", BUILT_IN_VIEW):
        return state
    try:
        view = find_view(spec.view_slug, state.viewer, state.workspace)
    except NotFound:
        # The same message for private and unknown views, so that it reveals nothing.
        message = _("There is no view named %(name)s here.") % {"name": spec.view_slug}
        return state.with_spec(
            without_parameter(spec, "view"), ParameterWarning("view", message)
        )
    origin = read_view_origin(view)
    number = spec.view_revision or view.revision
    if number != view.revision:
        origin = replace(origin, base=_spec_of_revision(origin, state.viewer, number))
    # The same object is parsed once, and this list usually keeps the filter of its
    # view.
    base, newest = (
        _keep_parsed_filter(each, spec) for each in (origin.base, origin.newest)
    )
    return replace(state, origin=replace(origin, base=base, newest=newest))


def _keep_parsed_filter(stored: ViewSpec, spec: ViewSpec) -> ViewSpec:
    """Return `stored` with the parsed filter of `spec`, if the texts are equal."""
    return replace(stored, q=spec.q) if stored.q == spec.q else stored


def _spec_of_revision(origin: ViewOrigin, viewer: User, number: int) -> ViewSpec:
    """Return the spec of a revision; the newest one if it is not available."""
    try:
        return read_stored(find_revision(origin.view, viewer, number).spec)[0]
    except NotFound:
        return origin.base


def read_view_origin(view: View) -> ViewOrigin:
    """Read the current revision of the view."""
    stored, unread = read_stored(view.spec)
    newest = replace(stored, view=f"{view.slug}.{view.revision}")
    return ViewOrigin(view, newest, newest, tuple(unread))


def spec_of_view(view: View) -> ViewSpec:
    """Return the spec of the view's list."""
    return read_view_origin(view).newest


def list_path(workspace: str, experiment: Experiment | None) -> str:
    if experiment is None:
        return f"/w/{workspace}/runs/"
    return experiment_path(workspace, experiment.number, experiment.name)


def experiment_of_view(view: View) -> Experiment | None:
    """Return the experiment of the view; None for All runs, or if it was deleted."""
    here = view.experiment
    return here if here is not None and here.deleted is None else None


def list_address(workspace: str, experiment: Experiment | None, spec: ViewSpec) -> str:
    query = spec.to_query()
    return list_path(workspace, experiment) + (f"?{query}" if query else "")


def deleted_item_notices(state: ListState, page: RunPage) -> list[ParameterWarning]:
    """Notices about deleted things that the view names.

    Deleted runs of a selection are named elsewhere. Columns with values on the page
    need no query.
    """
    origin = state.origin
    if origin is None:
        return []
    empty = [c.field for c in state.spec.columns if _has_no_values(c, page.rows)]
    found = [
        *find_missing_list(origin.view),
        *find_missing_columns(empty, state.workspace),
    ]
    kinds: dict[str, list[str]] = {}
    for each in found:
        kinds.setdefault(each.kind, []).append(each.name)
    unread = [c.message for c in origin.unread]
    texts = [
        *unread,
        *(deleted_items_text(kind, names) for kind, names in kinds.items()),
    ]
    return [ParameterWarning("view", text) for text in texts]


def _has_no_values(column: Column, rows: Sequence[RunRow]) -> bool:
    field: Any = column.field
    return field.kind in KEY_KINDS and not any(field in row.values for row in rows)


#: Tells the menu of views that the list shows default columns.
DEFAULT_COLUMNS_PARAMETER = "unchosen"


def view_bar_context(
    request: PageRequest, state: ListState, columns: tuple[Column, ...]
) -> dict[str, Any]:
    """Return the context of the view bar; `columns` are saved with the view."""
    origin, view, workspace = state.origin, state.view, state.workspace.name
    spec, scope = state.spec.changed(), state.scope
    found = changes_from_view(state)
    kept = replace(spec, columns=columns, has_columns=True)
    scope_parameters = {"in": scope.number} if scope.number else {}
    query = "&".join(filter(None, [kept.to_query(), urlencode(scope_parameters)]))
    unchosen = "" if spec.has_columns else f"&{DEFAULT_COLUMNS_PARAMETER}=1"
    return {
        "view": view,
        "view_name": view.name
        if view
        else pgettext("name of the built-in view", "Default"),
        "view_changed": summarize_differences(found),
        "view_lines": difference_lines(found),
        "view_state": query,
        "view_is_stale": state.is_stale,
        "save_refusal": view_save_refusal(request, view),
        "reset_href": list_address(
            workspace, experiment_of_view(origin.view), origin.newest
        )
        if origin
        else scope.address_of(ViewSpec(view=BUILT_IN_VIEW)),
        "view_menu_href": f"{reverse('view-menu', args=[workspace])}?{query}{unchosen}",
        "save_as_href": f"{reverse('view-new', args=[workspace])}?{query}",
        "back": scope.address_of(state.spec),
        "share_text": share_address(request, state),
        "is_own_view": view is not None and view.owner_id == state.viewer.pk,
    }


def changes_from_view(state: ListState) -> list[Difference]:
    """Return the differences between the list and the view it was opened with."""
    origin, spec, experiment = state.origin, state.spec, state.experiment
    base = origin.base if origin else ViewSpec(q=state.scope.q)
    if base.has_columns == spec.has_columns:
        found = list(differences(base, spec))
    else:
        # Names of default columns would cost queries.
        found = list(differences(replace(base, columns=spec.columns), spec))
        found.append(Difference("columns", _columns_text(base), _columns_text(spec)))
    there = experiment_of_view(origin.view) if origin else experiment
    if (there and there.pk) != (experiment and experiment.pk):
        names = (each.name if each else LIST_DEFAULT for each in (there, experiment))
        found.append(Difference("list", *names))
    return found


def _columns_text(spec: ViewSpec) -> str:
    return join_with_commas(spec.columns) if spec.has_columns else LIST_DEFAULT


def view_save_refusal(request: PageRequest, view: View | None) -> str:
    """Return why the user can't save this view; empty if they can."""
    if view is None:
        return _("The built-in view can’t be changed. Save a copy under a new name.")
    if can_edit_view(view, request.actor.user, request.role):
        return ""
    if view.locked and request.role >= Role.CONTRIBUTOR:
        return _("%s locked this view. Save your changes as a new view.") % view.owner
    need = Permission.SHARE_VIEWS.role.label
    return _("You need the role %(role)s.") % {"role": _(need)}


def saved_view_href(
    workspace: str, view: View | None, experiment: Experiment | None
) -> str:
    """Link to the list as the view was saved."""
    if view is None:
        return list_address(workspace, experiment, ViewSpec(view=BUILT_IN_VIEW))
    return list_address(workspace, experiment_of_view(view), spec_of_view(view))


def share_address(request: PageRequest, state: ListState) -> str:
    """Return the address that shows this list to other members."""
    server, origin = public_origin(request), state.origin
    if origin is None:
        return server + state.scope.address_of(state.spec.changed())
    query = override_query(origin.newest, state.spec)
    path = reverse("view", args=[origin.view.slug])
    return server + path + (f"?{query}" if query else "")
