"""Where the forms of views lead back to, and what they were sent with."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse

from runs.models import Experiment, View
from runs.pages.lists import RUN_PREFIX, find_experiment
from runs.pages.requests import PageRequest, safe_path
from studio.core.errors import InvalidValue
from studio.core.view_sharing import written_out
from studio.core.view_spec import ViewSpec


def return_path(request: PageRequest) -> str:
    """The page that the form came from, if it is one of ours; else the views."""
    path = request.POST.get("back", "") or request.GET.get("back", "")
    views = reverse("views", args=[request.workspace.name])
    return safe_path(request, path) or views


def return_path_after_sharing(request: PageRequest, view: View, before: int) -> str:
    """`back_of`, of a list that began from revision `before` of the reader's view.

    Sharing writes out what says *me*. The list says it so, too: else it would pass for
    changed since, and its link would show to others the runs of their own.
    """
    back = return_path(request)
    path, _mark, query = back.partition("?")
    if view.revision == before:
        return back
    try:
        spec = ViewSpec.from_query(query)
        written = written_out(spec, request.actor.user.username)
    except InvalidValue:
        return back
    if spec.view != f"{view.slug}.{before}":
        return back
    return f"{path}?{written.to_query(view=f'{view.slug}.{view.revision}')}"


def read_list_state(
    request: PageRequest, sent: str
) -> tuple[ViewSpec, Experiment | None]:
    """The state and list of a form's `state`, a query string of a list and its `in`.

    Views belong to an experiment or to All runs: a list of child runs is that of All
    runs whose filter names the parent."""
    parameters = QueryDict(sent)
    number = parameters.get("in", "")
    is_experiment = number and not number.startswith(RUN_PREFIX)
    experiment = find_experiment(request, f"~{number}") if is_experiment else None
    return ViewSpec.from_query(parameters.dict()), experiment


def return_context(request: PageRequest) -> dict[str, Any]:
    """What a page with forms of views needs to come back to itself."""
    return {"back": request.get_full_path()}
