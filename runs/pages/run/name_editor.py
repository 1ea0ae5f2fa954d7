"""The editor of the display name."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from runs.access import Permission, access, view_by_method
from runs.actions.changes import version_token
from runs.actions.run import rename_run
from runs.models import now_ms
from runs.pages.requests import PageRequest
from runs.pages.run.forms import RenameForm
from runs.pages.run_shell import (
    find_run_head,
    head_context,
    show_editor,
    show_saved_change,
)
from runs.search.run import RunHead
from studio.core.errors import Conflict, InvalidState, InvalidValue


@access(Permission.ANNOTATE)
def _show_name_form(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    return _render_name_form(request, head, head.run.name)


@access(Permission.ANNOTATE)
def _save_name(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    # Remembered now: the action changes the name of this object.
    run, before = head.run, head.run.name
    values = RenameForm(request.POST).check()
    name, seen = values["name"], values["seen"]
    try:
        rename_run(run, name, actor=request.actor, now=now_ms(), seen_version=seen)
    except (InvalidState, InvalidValue) as error:
        return _render_name_form(request, head, name, problem=error.message)
    except Conflict as error:
        return _render_name_form(request, head, name, theirs=error.details["now"])
    message = _("Renamed") if name != before else ""
    return show_saved_change(
        request, run, message, "run_shell/_run_title.html", head_context(request, head)
    )


edit_name = view_by_method(GET=_show_name_form, POST=_save_name)


def _render_name_form(
    request: PageRequest,
    head: RunHead,
    name: str,
    *,
    problem: str = "",
    theirs: str | None = None,
) -> HttpResponse:
    """Show the form; `theirs` is another member's newer name.

    Saving again overwrites it.
    """
    context = {
        **head_context(request, head),
        "text": name,
        # After a conflict, the token of the newer name lets the next save overwrite it.
        "seen": version_token(head.run.name if theirs is None else theirs),
        "problem": problem,
        "theirs": theirs,
        "title": _("Rename"),
    }
    refused = bool(problem) or theirs is not None
    return show_editor(
        request, "run_shell/_run_name_form.html", context, refused=refused
    )
