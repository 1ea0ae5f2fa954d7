"""What the editors of the run page share: their form, and the response after saving."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from runs.models import Run
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from runs.render.formats import run_path
from runs.search.run import last_change_of_run_by


def show_editor(
    request: PageRequest,
    template: str,
    context: dict[str, Any],
    *,
    refused: bool,
    page: str = "run/run_editor.html",
) -> HttpResponse:
    """Show the form in place, or without a script on a page of its own."""
    status = FORM_ERROR_STATUS if refused else 200
    if request.htmx:
        return render(request, template, context, status=status)
    whole = {**context, "editor_template": template}
    return render(request, page, whole, status=status)


def show_saved_change(
    request: PageRequest,
    run: Run,
    message: str,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """The changed part of the page, and a toast that can undo the change.

    `message` is empty if nothing changed.
    """
    # Without a change, this address would undo an older one.
    undo = run_undo_path(request, run) if message else ""
    if not request.htmx:
        if message:
            messages.success(request, message, extra_tags=undo)
        return redirect(run_path(request.workspace.name, run.run_id))
    response = render(request, template, context)
    if message:
        response["HX-Trigger"] = toast_header(message, undo)
    return response


def run_undo_path(request: PageRequest, run: Run) -> str:
    """Return the address that undoes the change that was just made."""
    change_set = last_change_of_run_by(run, request.actor.user)
    path = run_path(request.workspace.name, run.run_id)
    return f"{path}undo/{change_set.pk}/" if change_set else ""


def toast_header(text: str, undo: str = "", label: str = "", link: str = "") -> str:
    toast = {"text": text, "undo": undo, "label": label, "link": link}
    return json.dumps({"toast": toast})
