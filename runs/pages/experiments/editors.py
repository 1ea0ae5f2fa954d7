"""What the editors of an experiment share: forms, pages and responses."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string

from runs.models import Experiment
from runs.pages.requests import (
    FORM_ERROR_STATUS,
    OptionalTextField,
    PageForm,
    PageRequest,
    TextField,
)
from runs.pages.undo import last_undo_href
from runs.render.formats import experiment_path


class RenameForm(PageForm):
    """`seen` is the version token of the name that the editor showed."""

    name = TextField()
    seen = OptionalTextField()


class TagForm(PageForm):
    """Adds `tag` ("key: value"), sets the `value` of `key`, or removes a tag.

    Rows name the tag to remove in `drop`, as the rows of runs do.
    """

    tag = TextField(strip=False)
    key = OptionalTextField()
    value = TextField()
    seen = TextField(strip=False)
    remove = OptionalTextField()
    drop = OptionalTextField()


def experiment_page_path(request: PageRequest, experiment: Experiment) -> str:
    name = request.workspace.name
    return experiment_path(name, experiment.number, experiment.name)


def editor_context(
    request: PageRequest, experiment: Experiment, title: str
) -> dict[str, Any]:
    """Return the context of an editor's own page."""
    path = experiment_page_path(request, experiment)
    return {
        "experiment": experiment,
        "experiment_path": path,
        "path": path,
        "title": title,
        "can_edit": True,
    }


def show_row_editor(
    request: PageRequest, experiment: Experiment, what: str, **more: Any
) -> HttpResponse:
    """Show the form in the row; without a script, the page of the editor."""
    path = experiment_page_path(request, experiment)
    if not request.htmx:
        return redirect(f"{path}{what}/")
    context = {"run": experiment, "path": path, "what": what, **more}
    status = FORM_ERROR_STATUS if more.get("problem") else 200
    html = render_to_string("run_list/_row_editor.html", context, request).strip()
    return HttpResponse(html, status=status)


def close_row_editor(request: PageRequest, message: str) -> HttpResponse:
    """Remove the form; a toast offers to undo the change."""
    if not request.htmx:
        return redirect("experiments", request.workspace.name)
    # An empty body: the refresh of the list fills the cell.
    response = HttpResponse()
    if message:
        toast = {"text": message, "undo": last_undo_href(request)}
        response["HX-Trigger"] = json.dumps({"toast": toast})
    return response
