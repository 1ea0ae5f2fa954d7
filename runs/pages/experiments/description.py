"""An experiment's description above its runs: the text, its editor, its versions."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, view_by_method
from runs.actions.experiments import describe_experiment
from runs.models import Experiment, now_ms
from runs.pages.descriptions import (
    DescriptionEditor,
    DescriptionVersionsPage,
    open_description_editor,
    render_description,
    restore_description,
    save_description,
    show_description_versions,
)
from runs.pages.lists import find_experiment
from runs.pages.requests import PageRequest
from runs.pages.run_shell import role_refusal, toast_header
from runs.pages.undo import last_undo_href
from runs.render.descriptions import first_line
from runs.render.formats import experiment_path
from runs.search.descriptions import find_last_version

EDITOR_PAGE = "experiments/experiment_editor.html"


@access(Permission.ANNOTATE)
def _show_description_form(request: PageRequest, slug: str) -> HttpResponse:
    return open_description_editor(
        request, _experiment_editor(request, find_experiment(request, slug))
    )


@access(Permission.ANNOTATE)
def _save_description(request: PageRequest, slug: str) -> HttpResponse:
    return save_description(
        request, _experiment_editor(request, find_experiment(request, slug))
    )


edit_description = view_by_method(GET=_show_description_form, POST=_save_description)


@access(Permission.READ)
@require_safe
def show_experiment_versions(request: PageRequest, slug: str) -> HttpResponse:
    found = _experiment_versions_page(request, find_experiment(request, slug))
    return show_description_versions(request, found)


@access(Permission.ANNOTATE)
@require_POST
def restore_experiment_version(request: PageRequest, slug: str) -> HttpResponse:
    found = _experiment_versions_page(request, find_experiment(request, slug))
    return restore_description(request, found)


def description_context(request: PageRequest, experiment: Experiment) -> dict[str, Any]:
    """Return the context of `_experiment_description.html`."""
    text = experiment.description
    return {
        "about": render_description(request, text),
        "about_line": first_line(text),
        "edited": find_last_version(experiment) if text else None,
        "experiment_path": _description_path(request, experiment),
        "can_edit": not role_refusal(request, Permission.ANNOTATE),
    }


def _description_path(request: PageRequest, experiment: Experiment) -> str:
    name = request.workspace.name
    return experiment_path(name, experiment.number, experiment.name)


def _editor_page_context(
    request: PageRequest, experiment: Experiment
) -> dict[str, Any]:
    return {
        "experiment": experiment,
        "experiment_path": _description_path(request, experiment),
    }


def _experiment_editor(
    request: PageRequest, experiment: Experiment
) -> DescriptionEditor:
    path = _description_path(request, experiment)
    return DescriptionEditor(
        part="experiment-description",
        path=f"{path}description/",
        back=path,
        stored=experiment.description,
        text="",
        write=lambda text, seen: describe_experiment(
            experiment, text, actor=request.actor, now=now_ms(), seen_version=seen
        ),
        saved=lambda message: _show_saved_description(request, experiment, message),
        frame=_editor_page_context(request, experiment),
        page=EDITOR_PAGE,
    )


def _show_saved_description(
    request: PageRequest, experiment: Experiment, message: str
) -> HttpResponse:
    undo = last_undo_href(request) if message else ""
    if not request.htmx:
        if message:
            messages.success(request, message, extra_tags=undo)
        return redirect(_description_path(request, experiment))
    context = {"experiment": experiment, **description_context(request, experiment)}
    response = render(request, "experiments/_experiment_description.html", context)
    if message:
        response["HX-Trigger"] = toast_header(message, undo)
    return response


def _experiment_versions_page(
    request: PageRequest, experiment: Experiment
) -> DescriptionVersionsPage:
    path = _description_path(request, experiment)
    return DescriptionVersionsPage(
        home=experiment,
        text=experiment.description,
        path=f"{path}description/",
        back=path,
        write=partial(
            describe_experiment, experiment, actor=request.actor, now=now_ms()
        ),
        frame=_editor_page_context(request, experiment),
        page=EDITOR_PAGE,
    )
