"""The page for edit conflicts: it shows both changes of a view, and lets choose."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from runs.actions.views import ViewState, read_view_state
from runs.models import View, ViewRevision
from runs.pages.lists import list_address, saved_view_href, scope_number
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from runs.render.filters import difference_lines
from runs.search.views import find_revision, find_view, list_view_revisions
from studio.core.errors import NotFound
from studio.core.view_differences import LIST_DEFAULT, Difference, differences


def edit_conflict_page(
    request: PageRequest, slug: str, mine: ViewState, seen: int
) -> HttpResponse:
    """Show both changes; `seen` is the revision that the second one began from."""
    user, workspace = request.actor.user, request.workspace.name
    view = find_view(slug, user, request.workspace)
    later = [each for each in list_view_revisions(view, user, 20) if each.number > seen]
    try:
        began: View | ViewRevision = find_revision(view, user, seen)
    except NotFound:
        # Revisions from before the view was shared are visible to its owner only.
        began = view
    query = mine.spec.to_query()
    if mine.experiment is not None:
        query += f"&in={scope_number(mine.experiment)}"
    context = {
        "view": view,
        "later": later,
        "theirs": difference_lines(
            state_differences(read_view_state(began), read_view_state(view))
        ),
        "mine": difference_lines(state_differences(read_view_state(view), mine)),
        "state": query,
        "save_as_href": f"{reverse('view-new', args=[workspace])}?{query}",
        "their_href": saved_view_href(workspace, view, mine.experiment),
        "my_href": list_address(workspace, mine.experiment, mine.spec),
    }
    return render(
        request, "views/view_conflict.html", context, status=FORM_ERROR_STATUS
    )


def state_differences(old: ViewState, new: ViewState) -> list[Difference]:
    """Return the differences, including another list."""
    found = list(differences(old.spec, new.spec))
    names = [each.columns()["experiment_name"] or LIST_DEFAULT for each in (old, new)]
    if names[0] != names[1]:
        found.append(Difference("list", *names))
    return found
