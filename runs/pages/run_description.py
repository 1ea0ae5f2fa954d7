"""The description's editor: Markdown, with the server's own rendering as preview."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from runs.access.rules import Permission, access, by_method
from runs.actions.annotate import TWINS, describe
from runs.actions.clock import now_ms
from runs.actions.seen import mark, same
from runs.pages.live_text import shown
from runs.pages.members_only import PageRequest
from runs.pages.run_editing import show_editor, show_saved
from runs.pages.run_head import find_head, frame
from runs.search.run_detail import RunHead, tags_of
from studio.core.errors import Conflict, InvalidValue
from studio.core.names import MAX_DESCRIPTION_BYTES


@access(Permission.ANNOTATE)
def _edit(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_head(request, run_id)
    run = head.run
    notes = (t.value for t in tags_of(run) if t.key == TWINS["description"])
    text = run.description or next(notes, "")
    return _form(request, head, text, seen=mark(run.description))


@access(Permission.ANNOTATE)
def _save(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_head(request, run_id)
    run, before = head.run, head.run.description
    text = request.POST.get("text", "").replace("\r\n", "\n")
    seen = request.POST.get("seen", "")
    if "preview" in request.POST:
        return _preview(request, head, text, seen)
    if same(text, before):
        text = before
    try:
        describe(run, text, actor=request.actor, now=now_ms(), seen=seen)
    except InvalidValue as error:
        return _form(request, head, text, seen=seen, problem=error.message)
    except Conflict as error:
        theirs = error.details["now"]
        return _form(request, head, text, seen=mark(theirs), theirs=theirs)
    said = _("Description changed") if text != before else ""
    context = {**frame(request, head), "description": shown(request, text, run)}
    return show_saved(request, run, said, "_run_description.html", context)


edit_description = by_method(GET=_edit, POST=_save)


def _preview(request: PageRequest, head: RunHead, text: str, seen: str) -> HttpResponse:
    """What the page would show; without a script above the form."""
    preview = shown(request, text, head.run)
    if request.htmx:
        context = {"preview": preview}
        return render(request, "_run_description_preview.html", context)
    return _form(request, head, text, seen=seen, preview=preview)


def _form(
    request: PageRequest, head: RunHead, text: str | None, *, seen: str, **more: Any
) -> HttpResponse:
    """With `theirs`, what somebody wrote meanwhile; saving again replaces it."""
    context = {
        **frame(request, head),
        "text": text or "",
        "seen": seen,
        "title": _("Description"),
        "size": len((text or "").encode()),
        "limit": MAX_DESCRIPTION_BYTES,
        **more,
    }
    refused = "problem" in more or "theirs" in more
    template = "_run_description_form.html"
    return show_editor(request, template, context, refused=refused)
