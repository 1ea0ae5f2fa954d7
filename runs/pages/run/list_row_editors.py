"""Editors in the rows of the run list: the display name, and a tag to set.

A script opens them in a cell; without a script, the run page has its own. The refresh
of the list shows what was saved.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from runs.access import Permission, access, view_by_method
from runs.actions.changes import version_token
from runs.actions.run import remove_run_tags, rename_run, set_run_tags
from runs.models import Run, now_ms
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, split_tag_text
from runs.pages.run.forms import RenameForm, TagForm
from runs.pages.run_shell import find_run_head
from runs.pages.undo import last_undo_href
from runs.render.formats import run_path
from runs.search.run import list_tags
from studio.core.errors import Conflict, InvalidState, InvalidValue


@access(Permission.ANNOTATE)
def _show_name_form(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    return _render_row_form(
        request, run, "name", run.name, seen=version_token(run.name)
    )


@access(Permission.ANNOTATE)
def _save_name(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    values = RenameForm(request.POST).check()
    before, name, seen = run.name, values["name"], values["seen"]
    try:
        rename_run(run, name, actor=request.actor, now=now_ms(), seen_version=seen)
    except (InvalidState, InvalidValue) as error:
        return _render_row_form(
            request, run, "name", name, seen=seen, problem=error.message
        )
    except Conflict as error:
        theirs = error.details["now"]
        notice = _(
            "Someone else renamed this run to “%(theirs)s”. Save again to overwrite."
        )
        problem = notice % {"theirs": theirs}
        return _render_row_form(
            request, run, "name", name, seen=version_token(theirs), problem=problem
        )
    return _close_editor(request, _("Renamed") if name != before else "")


@access(Permission.ANNOTATE)
def _show_tags_form(request: PageRequest, run_id: str) -> HttpResponse:
    return _render_row_form(request, find_run_head(request, run_id).run, "tags", "")


@access(Permission.ANNOTATE)
def _save_tags(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    values = TagForm(request.POST).check()
    if removed := values["drop"]:
        try:
            count = remove_run_tags(run, [removed], actor=request.actor, now=now_ms())
        except InvalidState as error:
            return _render_row_form(request, run, "tags", "", problem=error.message)
        return _close_editor(request, _("Tag removed") if count else "")
    typed = values["tag"]
    key, value = split_tag_text(typed)
    # Read before the write, because the message tells whether the tag is new.
    before = {tag.key: tag.value for tag in list_tags(run)}
    try:
        set_run_tags(run, {key: value}, actor=request.actor, now=now_ms())
    except (InvalidState, InvalidValue) as error:
        return _render_row_form(request, run, "tags", typed, problem=error.message)
    # Nothing changed, so a toast would offer to undo an older change.
    if key in before and before[key] == value:
        return _close_editor(request, "")
    return _close_editor(request, _("Tag changed") if key in before else _("Tag added"))


edit_row_name = view_by_method(GET=_show_name_form, POST=_save_name)
edit_row_tags = view_by_method(GET=_show_tags_form, POST=_save_tags)


def _render_row_form(
    request: PageRequest, run: Run, what: str, text: str, **more: Any
) -> HttpResponse:
    path = run_path(request.workspace.name, run.run_id)
    if not request.htmx:
        return redirect(f"{path}{what}/")
    context = {"run": run, "path": path, "what": what, "text": text, **more}
    if what == "tags":
        context["tags"] = [tag for tag in list_tags(run) if not tag.is_bookkeeping]
    status = FORM_ERROR_STATUS if "problem" in more else 200
    # Only the form: anything else in the cell would prevent its refresh.
    html = render_to_string("run_list/_row_editor.html", context, request).strip()
    return HttpResponse(html, status=status)


def _close_editor(request: PageRequest, message: str) -> HttpResponse:
    """Remove the form; a toast offers to undo the change."""
    if not request.htmx:
        return redirect("run-list", request.workspace.name)
    # An empty body: the refresh of the list fills the cell.
    response = HttpResponse()
    if message:
        toast = {"text": message, "undo": last_undo_href(request)}
        response["HX-Trigger"] = json.dumps({"toast": toast})
    return response
