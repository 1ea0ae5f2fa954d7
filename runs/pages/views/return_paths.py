"""Where the forms of views return to, and the list state that they carry."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse

from runs.models import Experiment, View
from runs.pages.lists import RUN_PREFIX, find_experiment
from runs.pages.requests import PageRequest, safe_return_path
from studio.core.errors import InvalidValue
from studio.core.view_sharing import replace_me
from studio.core.view_spec import ViewSpec


def return_path(request: PageRequest) -> str:
    """Return the page of the form, if it is on this server; else the page of views."""
    path = request.POST.get("back", "") or request.GET.get("back", "")
    views = reverse("views", args=[request.workspace.name])
    return safe_return_path(request, path) or views


def return_path_after_sharing(request: PageRequest, view: View, before: int) -> str:
    """Like `return_path`, for a list opened with revision `before` of the view.

    Sharing replaces *me* in the filter by the user name. The list must do the same:
    otherwise it counts as changed, and its link shows others their own runs.
    """
    back = return_path(request)
    path, _mark, query = back.partition("?")
    if view.revision == before:
        return back
    try:
        spec = ViewSpec.from_query(query)
        written = replace_me(spec, request.actor.user.username)
    except InvalidValue:
        return back
    # The list was opened with another view or revision, which sharing did not change.
    if spec.view != f"{view.slug}.{before}":
        return back
    return f"{path}?{written.to_query(view=f'{view.slug}.{view.revision}')}"


def read_list_state(
    request: PageRequest, sent: str
) -> tuple[ViewSpec, Experiment | None]:
    """Read a form's `state`: the query string of a list, with its `in`.

    A view belongs to an experiment or to All runs. A list of child runs counts as All
    runs with a filter by the parent.
    """
    parameters = QueryDict(sent)
    number = parameters.get("in", "")
    is_experiment = number and not number.startswith(RUN_PREFIX)
    experiment = find_experiment(request, f"~{number}") if is_experiment else None
    return ViewSpec.from_query(parameters.dict()), experiment


def return_path_context(request: PageRequest) -> dict[str, Any]:
    """Return the context that makes the forms of views return to this page."""
    return {"back": request.get_full_path()}
