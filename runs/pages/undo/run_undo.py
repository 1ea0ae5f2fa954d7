"""Undo from the toast, by the key `z`, and from the history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions.undo import REDO, UNDO, undo_change_set
from runs.models import ChangeSet, now_ms
from runs.pages.requests import PageRequest, safe_path
from runs.pages.run_shell import (
    FORM_ERROR_STATUS,
    find_head,
    head_context,
    toast_header,
    undo_path,
)
from runs.pages.undo.change_lines import change_line
from runs.pages.undo.forms import UndoForm
from runs.search.run import RunHead, find_change_set_of, last_change_by
from studio.core.errors import Conflict


@access(Permission.ANNOTATE)
@require_POST
def undo_last(request: PageRequest, run_id: str) -> HttpResponse:
    """My own last change of the run."""
    head = find_head(request, run_id)
    change_set = last_change_by(head.run, request.actor.user)
    if change_set is None:
        return _finish(request, head, _("You have no change to undo here."))
    return _undo(request, head, change_set)


@access(Permission.ANNOTATE)
@require_POST
def undo_change(request: PageRequest, run_id: str, number: int) -> HttpResponse:
    head = find_head(request, run_id)
    return _undo(request, head, find_change_set_of(head.run, number))


def _undo(request: PageRequest, head: RunHead, change_set: ChangeSet) -> HttpResponse:
    anyway = UndoForm(request.POST).check()["anyway"]
    try:
        undo_change_set(change_set, actor=request.actor, now=now_ms(), anyway=anyway)
    except Conflict as error:
        return _ask_to_overwrite(
            request, head, change_set, error.details.get("later", ())
        )
    made = last_change_by(head.run, request.actor.user)
    if made is None or made.action not in (UNDO, REDO) or made.pk <= change_set.pk:
        return _finish(request, head, _("No change."))
    back = made.action == UNDO
    said = _("Undone") if back else _("Redone")
    return _finish(
        request,
        head,
        said,
        undo_path(request, head.run),
        _("Redo") if back else _("Undo"),
    )


def _ask_to_overwrite(
    request: PageRequest, head: RunHead, change_set: ChangeSet, later: Any
) -> HttpResponse:
    """Another member changed it since: show both."""
    head_frame = head_context(request, head)
    context = {
        **head_frame,
        "undo_action": f"{head_frame['path']}undo/{change_set.pk}/",
        "dialog": "run-cancel",
        "later": [
            (change_line(each["field"], each["before"], each["now"]), each)
            for each in later
        ],
        "next": safe_path(request) or head_frame["path"],
        "title": _("Undo"),
        "editor_template": "undo/_undo.html",
    }
    if not request.htmx:
        return render(request, "run/run_editor.html", context, status=FORM_ERROR_STATUS)
    answer = render(request, "undo/_undo.html", context)
    answer["HX-Retarget"], answer["HX-Reswap"] = "#run-cancel", "outerHTML"
    return answer


def _finish(
    request: PageRequest, head: RunHead, said: str, undo: str = "", label: str = ""
) -> HttpResponse:
    if request.htmx:
        answer = HttpResponse(status=204)
        answer["HX-Trigger"] = toast_header(said, undo, label)
        return answer
    messages.success(request, said, extra_tags=undo)
    return redirect(safe_path(request) or head_context(request, head)["path"])
