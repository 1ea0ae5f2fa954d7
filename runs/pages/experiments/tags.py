"""The editors of an experiment's tags: on its page, and in a row of All experiments."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access, view_by_method
from runs.actions.changes import version_token
from runs.actions.experiments import (
    change_experiment_tag,
    delete_experiment_tag,
    set_experiment_tag,
)
from runs.models import Experiment, now_ms
from runs.pages.experiments.description import EDITOR_PAGE
from runs.pages.experiments.editors import (
    TagForm,
    close_row_editor,
    editor_context,
    experiment_page_path,
    show_row_editor,
)
from runs.pages.experiments.experiment_head import tags_context
from runs.pages.lists import find_experiment
from runs.pages.requests import PageRequest, split_tag_text
from runs.pages.run_shell import show_editor, toast_header
from runs.pages.undo import last_undo_href
from runs.search.experiments import list_experiment_tags, suggest_experiment_tags
from studio.core.errors import Conflict, InvalidValue, NotFound

CARD, BOX = "experiments/_experiment_tags.html", "experiments/_experiment_tag_box.html"


@access(Permission.ANNOTATE)
def _show_tag_form(request: PageRequest, slug: str) -> HttpResponse:
    """Show the form of the tag `key`, or of a new tag."""
    experiment = find_experiment(request, slug)
    key = request.GET.get("key")
    if key is None:
        return _render_tag_form(request, experiment, {})
    tags = list_experiment_tags(experiment)
    if key not in tags:
        raise NotFound(_("The experiment has no tag %(key)s.") % {"key": key})
    box = {"key": key, "text": tags[key], "seen": version_token(tags[key] or "")}
    return _render_tag_form(request, experiment, box)


@access(Permission.ANNOTATE)
def _save_tag(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    values = TagForm(request.POST).check()
    shown = {"key": values["key"], "text": values["value"], "seen": values["seen"]}
    try:
        if values["key"] is not None:
            message = _change_tag(request, experiment, values)
        else:
            shown = {"text": values["tag"]}
            message = _add_or_remove_tag(request, experiment, values, values["remove"])
    except InvalidValue as error:
        return _render_tag_form(
            request, experiment, {**shown, "problem": error.message}
        )
    except Conflict as error:
        now = error.details["now"]
        later = {"theirs": now, "is_gone": now is None, "seen": version_token(now)}
        return _render_tag_form(
            request, experiment, {**shown, **later, "problem": "later"}
        )
    return _show_saved_tags(request, experiment, message)


@access(Permission.ANNOTATE)
def _show_row_form(request: PageRequest, slug: str) -> HttpResponse:
    return _render_row_form(request, find_experiment(request, slug), "")


@access(Permission.ANNOTATE)
def _save_row_tags(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    values = TagForm(request.POST).check()
    try:
        message = _add_or_remove_tag(request, experiment, values, values["drop"])
    except InvalidValue as error:
        return _render_row_form(
            request, experiment, values["tag"], problem=error.message
        )
    return close_row_editor(request, message)


edit_experiment_tags = view_by_method(GET=_show_tag_form, POST=_save_tag)
edit_experiment_row_tags = view_by_method(GET=_show_row_form, POST=_save_row_tags)


@access(Permission.ANNOTATE)
@require_safe
def suggest_tags(request: PageRequest, slug: str) -> HttpResponse:
    """Suggest keys; after a colon, values of the key."""
    # Suggestions come from all experiments of the workspace.
    del slug
    # PostgreSQL refuses NUL characters in texts.
    typed = request.GET.get("tag", "")[:500].replace("\0", "")
    key, value = split_tag_text(typed)
    if ":" in typed:
        values = suggest_experiment_tags(request.workspace, key, value or "")
        options = [f"{key}: {each}" for each in values]
    else:
        options = suggest_experiment_tags(request.workspace, key, None)
    return render(request, "run/_run_tag_options.html", {"options": options})


def _change_tag(
    request: PageRequest, experiment: Experiment, values: dict[str, Any]
) -> str:
    """Set the value of a tag; return the message, empty if nothing changed."""
    key, value = values["key"], values["value"]
    before = list_experiment_tags(experiment)
    change_experiment_tag(
        experiment,
        key,
        # An emptied input leaves a tag without value.
        value or None,
        seen_version=values["seen"],
        actor=request.actor,
        now=now_ms(),
    )
    same = key in before and (before[key] or "") == value
    return "" if same else _("Tag changed")


def _add_or_remove_tag(
    request: PageRequest,
    experiment: Experiment,
    values: dict[str, Any],
    removed: str | None,
) -> str:
    """Return the message, empty if nothing changed."""
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if removed is not None:
        found = delete_experiment_tag(experiment, removed, **who)
        return _("Tag removed") if found else ""
    key, value = split_tag_text(values["tag"])
    before = list_experiment_tags(experiment)
    set_experiment_tag(experiment, key, value, **who)
    if key in before and before[key] == value:
        return ""
    return _("Tag changed") if key in before else _("Tag added")


def _render_tag_form(
    request: PageRequest, experiment: Experiment, box: dict[str, Any]
) -> HttpResponse:
    title = _("Edit tag") if "key" in box else _("Add tag")
    context = {
        **editor_context(request, experiment, title),
        **tags_context(experiment),
        "box": {**box, "editing": True},
    }
    refused = "problem" in box
    response = show_editor(request, BOX, context, refused=refused, page=EDITOR_PAGE)
    if request.htmx and refused:
        # The form replaces all tags on success, only itself on errors.
        response["HX-Retarget"] = "#tag-box"
    return response


def _show_saved_tags(
    request: PageRequest, experiment: Experiment, message: str
) -> HttpResponse:
    undo = last_undo_href(request) if message else ""
    if not request.htmx:
        if message:
            messages.success(request, message, extra_tags=undo)
        return redirect(experiment_page_path(request, experiment))
    context = {
        **editor_context(request, experiment, ""),
        **tags_context(experiment),
        "refocus": True,
    }
    response = render(request, CARD, context)
    if message:
        response["HX-Trigger"] = toast_header(message, undo)
    return response


def _render_row_form(
    request: PageRequest, experiment: Experiment, text: str, *, problem: str = ""
) -> HttpResponse:
    found = list_experiment_tags(experiment)
    tags = [{"key": key, "value": value} for key, value in found.items()]
    return show_row_editor(
        request, experiment, "tags", text=text, tags=tags, problem=problem
    )
