"""Undo of whatever was changed in the workspace: from a toast and by the key `z`.

For pages of many runs; the run page has its own, of its run alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access.rules import Permission, access
from runs.actions.clock import now_ms
from runs.actions.undo import REDO, UNDO, undo
from runs.models import ChangeSet
from runs.pages.change_lines import line
from runs.pages.members_only import PageRequest
from runs.pages.run_editing import REFUSED, toast
from runs.search.run_history import change_set_here, last_change_here
from studio.core.errors import AlreadyExists, Conflict, NotSupported

#: The element that an opened dialog takes the place of, on every page with undo.
DIALOG = "undo-dialog"


@access(Permission.ANNOTATE)
@require_POST
def undo_latest(request: PageRequest) -> HttpResponse:
    """My own last change of anything here."""
    change_set = last_change_here(request.workspace, request.actor.user)
    if change_set is None:
        return _done(request, _("There is nothing of yours to undo here."))
    return _undo(request, change_set)


@access(Permission.ANNOTATE)
@require_POST
def undo_one(request: PageRequest, number: int) -> HttpResponse:
    return _undo(request, change_set_here(request.workspace, number))


def undo_href(request: PageRequest) -> str:
    """Where the change that the reader just made is undone; empty if there is none."""
    made = last_change_here(request.workspace, request.actor.user)
    return path_of(request, made) if made else ""


def path_of(request: PageRequest, change_set: ChangeSet) -> str:
    return reverse("undo-change", args=[request.workspace.name, change_set.pk])


def _undo(request: PageRequest, change_set: ChangeSet) -> HttpResponse:
    anyway = request.POST.get("anyway") == "1"
    try:
        undo(change_set, actor=request.actor, now=now_ms(), anyway=anyway)
    except Conflict as error:
        return _ask(request, change_set, error.details.get("later", ()))
    except (AlreadyExists, NotSupported) as error:
        return _done(request, error.message)
    made = last_change_here(request.workspace, request.actor.user)
    if made is None or made.action not in (UNDO, REDO) or made.pk <= change_set.pk:
        return _done(request, _("It stands as it was already."))
    back = made.action == UNDO
    said = _("Undone") if back else _("Done again")
    label = _("Redo") if back else _("Undo")
    return _done(request, said, path_of(request, made), label)


def _ask(request: PageRequest, change_set: ChangeSet, later: Any) -> HttpResponse:
    """Somebody changed it since: both are shown."""
    context = {
        "undo_action": path_of(request, change_set),
        "dialog": DIALOG,
        "later": [
            (line(each["field"], each["before"], each["now"]), each) for each in later
        ],
        "next": _next(request),
    }
    if not request.htmx:
        return render(request, "undo.html", context, status=REFUSED)
    answer = render(request, "_undo.html", context)
    answer["HX-Retarget"], answer["HX-Reswap"] = f"#{DIALOG}", "outerHTML"
    return answer


def _done(
    request: PageRequest, said: str, undo: str = "", label: str = ""
) -> HttpResponse:
    if request.htmx:
        answer = HttpResponse(status=204)
        answer["HX-Trigger"] = toast(said, undo, label)
        return answer
    messages.success(request, said, extra_tags=undo)
    return redirect(
        _next(request) or reverse("run-list", args=[request.workspace.name])
    )


def _next(request: PageRequest) -> str:
    asked = request.POST.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}) else ""
