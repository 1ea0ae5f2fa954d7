"""The versions of a view: who changed what, and restoring one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, check_can_edit_view
from runs.actions import views as view_actions
from runs.models import View, ViewRevision, now_ms
from runs.pages.descriptions import render_description
from runs.pages.lists import (
    list_address,
    saved_view_href,
    scope_number,
    view_save_refusal,
)
from runs.pages.requests import PageRequest
from runs.pages.undo import last_undo_href
from runs.pages.views.edit_conflict import edit_conflict_page, state_differences
from runs.pages.views.forms import RestoreVersionForm
from runs.pages.views.return_paths import return_path_context
from runs.render.filters import DifferenceLine, difference_lines, summarize_differences
from runs.search.views import find_revision, find_view, list_view_revisions
from studio.core.errors import Conflict

#: Versions on a page.
MAX_VERSIONS = 200


@dataclass(frozen=True)
class VersionRow:
    """A version, with its differences from the one before."""

    revision: ViewRevision
    summary: str
    lines: Sequence[DifferenceLine]
    is_first: bool
    open_href: str
    copy_href: str


@access(Permission.READ)
@require_safe
def view_history(request: PageRequest, slug: str) -> HttpResponse:
    view = find_view(slug, request.actor.user, request.workspace)
    text = request.GET.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < 10 else 0
    # One more: the last row is compared with it, and it tells whether there are older
    # ones.
    found = list_view_revisions(
        view, request.actor.user, MAX_VERSIONS + 1, before=before
    )
    rows = _version_rows(request, view, found)
    context = {
        "view": view,
        "described": render_description(request, view.description),
        "rows": rows[:MAX_VERSIONS],
        "older": found[MAX_VERSIONS - 1].number if len(found) > MAX_VERSIONS else 0,
        "save_refusal": view_save_refusal(request, view),
        "view_href": saved_view_href(request.workspace.name, view, None),
        **return_path_context(request),
    }
    return render(request, "views/view_history.html", context)


def _version_rows(
    request: PageRequest, view: View, revisions: Sequence[ViewRevision]
) -> list[VersionRow]:
    older = [*revisions[1:], None] if revisions else []
    return [
        _version_row(request, view, each, before)
        for each, before in zip(revisions, older, strict=True)
    ]


def _version_row(
    request: PageRequest,
    view: View,
    revision: ViewRevision,
    before: ViewRevision | None,
) -> VersionRow:
    state = view_actions.read_view_state(revision)
    notice = (
        state_differences(view_actions.read_view_state(before), state) if before else []
    )
    workspace = request.workspace.name
    # With the current revision, the opened list shows as changes what restoring would
    # do.
    spec = replace(state.spec, view=f"{view.slug}.{view.revision}")
    query = state.spec.to_query()
    if state.experiment is not None:
        query += f"&in={scope_number(state.experiment)}"
    return VersionRow(
        revision,
        summarize_differences(notice),
        difference_lines(notice),
        before is None,
        list_address(workspace, state.experiment, spec),
        f"{reverse('view-new', args=[workspace])}?{query}",
    )


@access(Permission.VIEWS)
@require_POST
def restore_version(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Restore an old version; if another member saved since, show both changes."""
    user = request.actor.user
    view = find_view(slug, user, request.workspace)
    check_can_edit_view(view, user, request.role)
    old = find_revision(view, user, number)
    seen = RestoreVersionForm(request.POST).check()["seen"]
    # A script sends no revision, and restores whatever was saved in between.
    seen = view.revision if seen is None else seen
    try:
        view_actions.restore_revision(
            view, old, actor=request.actor, now=now_ms(), seen_version=seen
        )
    except Conflict:
        return edit_conflict_page(
            request, slug, view_actions.read_view_state(old), seen
        )
    message = _("Version %s restored") % number
    messages.success(request, message, extra_tags=last_undo_href(request))
    return redirect("view-history", request.workspace.name, view.slug)
