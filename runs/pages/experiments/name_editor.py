"""The editors of an experiment's name: on its page, and in a row of All experiments."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from runs.access import Permission, access, view_by_method
from runs.actions.changes import version_token
from runs.actions.experiments import rename_experiment
from runs.models import Experiment, now_ms
from runs.pages.experiments.description import EDITOR_PAGE
from runs.pages.experiments.editors import (
    RenameForm,
    close_row_editor,
    editor_context,
    experiment_page_path,
    show_row_editor,
)
from runs.pages.lists import find_experiment
from runs.pages.requests import PageRequest
from runs.pages.run_shell import show_editor
from runs.pages.undo import last_undo_href
from studio.core.errors import AlreadyExists, Conflict, InvalidState, InvalidValue


@access(Permission.ANNOTATE)
def _show_name_form(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    return _render_name_form(request, experiment, experiment.name)


@access(Permission.ANNOTATE)
def _save_name(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    before = experiment.name
    name, problem, theirs = _rename(request, experiment)
    if problem or theirs is not None:
        return _render_name_form(
            request, experiment, name, problem=problem, theirs=theirs
        )
    if name != before:
        messages.success(request, _("Renamed"), extra_tags=last_undo_href(request))
    # The page has another address now.
    path = experiment_page_path(request, experiment)
    if not request.htmx:
        return redirect(path)
    return HttpResponse(headers={"HX-Redirect": path})


@access(Permission.ANNOTATE)
def _show_row_form(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    return _render_row_form(request, experiment, experiment.name)


@access(Permission.ANNOTATE)
def _save_row_name(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    before = experiment.name
    name, problem, theirs = _rename(request, experiment)
    if theirs is not None:
        problem = _overwrite_notice(theirs)
    if problem:
        return _render_row_form(
            request, experiment, name, problem=problem, theirs=theirs
        )
    return close_row_editor(request, _("Renamed") if name != before else "")


edit_experiment_name = view_by_method(GET=_show_name_form, POST=_save_name)
edit_experiment_row_name = view_by_method(GET=_show_row_form, POST=_save_row_name)


def _rename(
    request: PageRequest, experiment: Experiment
) -> tuple[str, str, str | None]:
    """Return the typed name, why it is refused, and another member's newer name."""
    values = RenameForm(request.POST).check()
    name = values["name"]
    try:
        rename_experiment(
            experiment,
            name,
            actor=request.actor,
            now=now_ms(),
            seen_version=values["seen"],
        )
    except (InvalidValue, InvalidState, AlreadyExists) as error:
        return name, error.message, None
    except Conflict as error:
        return name, "", error.details["now"]
    return name, "", None


def _overwrite_notice(theirs: str) -> str:
    notice = _(
        "Someone else renamed this experiment to “%(theirs)s”. Save again to overwrite."
    )
    return notice % {"theirs": theirs}


def _rename_note() -> str:
    return _(
        "Links to the old name lead here. Scripts that use the old name create a new "
        "experiment."
    )


def _render_name_form(
    request: PageRequest,
    experiment: Experiment,
    name: str,
    *,
    problem: str = "",
    theirs: str | None = None,
) -> HttpResponse:
    """Show the form; `theirs` is another member's newer name."""
    if theirs is not None:
        problem = _overwrite_notice(theirs)
    # After a conflict, the token of the newer name lets the next save overwrite it.
    current = experiment.name if theirs is None else theirs
    context = {
        **editor_context(request, experiment, _("Rename")),
        "text": name,
        "seen": version_token(current),
        "problem": problem,
        "note": _rename_note(),
    }
    template = "experiments/_experiment_name_form.html"
    return show_editor(
        request, template, context, refused=bool(problem), page=EDITOR_PAGE
    )


def _render_row_form(
    request: PageRequest,
    experiment: Experiment,
    name: str,
    *,
    problem: str = "",
    theirs: str | None = None,
) -> HttpResponse:
    current = experiment.name if theirs is None else theirs
    return show_row_editor(
        request,
        experiment,
        "name",
        text=name,
        seen=version_token(current),
        problem=problem,
        note=_rename_note(),
    )
