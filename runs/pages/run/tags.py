"""The card *Tags*: add, edit and remove tags."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access, view_by_method
from runs.actions.changes import version_token
from runs.actions.run import edit_run_tag, remove_run_tags, set_run_tags
from runs.models import now_ms
from runs.pages.requests import PageRequest, split_tag_text
from runs.pages.run.details import tag_chips_context
from runs.pages.run.forms import TagForm
from runs.pages.run_shell import (
    find_run_head,
    head_context,
    show_editor,
    show_saved_change,
)
from runs.search.run import RunHead, list_tags, suggest_tag_keys, suggest_tag_values
from studio.core.errors import Conflict, InvalidState, InvalidValue, NotFound


@access(Permission.ANNOTATE)
def _show_tag_form(request: PageRequest, run_id: str) -> HttpResponse:
    """Show the form of the tag `key`, or of a new tag."""
    head = find_run_head(request, run_id)
    key = request.GET.get("key")
    if key is None:
        return _render_tag_form(request, head, {})
    value = _tag_values(head).get(key)
    if key not in _tag_values(head):
        raise NotFound(_("The run has no tag %(key)s.") % {"key": key})
    return _render_tag_form(
        request, head, {"key": key, "text": value, "seen": version_token(value or "")}
    )


@access(Permission.ANNOTATE)
def _save_tag(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    values = TagForm(request.POST).check()
    if (removed := values["remove"]) is not None:
        count = remove_run_tags(head.run, [removed], actor=request.actor, now=now_ms())
        return _show_saved_tags(request, head, _("Tag removed") if count else "")
    if values["key"] is not None:
        return _save_tag_value(request, head, values)
    typed = values["tag"]
    key, value = split_tag_text(typed)
    before = _tag_values(head)
    try:
        set_run_tags(head.run, {key: value}, actor=request.actor, now=now_ms())
    except (InvalidState, InvalidValue) as error:
        return _render_tag_form(
            request, head, {"text": typed, "problem": error.message}
        )
    changed = key not in before or before[key] != value
    message = _("Tag changed") if key in before else _("Tag added")
    return _show_saved_tags(request, head, message if changed else "")


edit_tags = view_by_method(GET=_show_tag_form, POST=_save_tag)


def _save_tag_value(
    request: PageRequest, head: RunHead, values: dict[str, Any]
) -> HttpResponse:
    before = _tag_values(head)
    key, value, seen = values["key"], values["value"], values["seen"]
    shown = {"key": key, "text": value, "seen": seen}
    try:
        edit_run_tag(
            head.run,
            key,
            # An emptied input leaves a tag without value.
            value or None,
            seen_version=seen,
            actor=request.actor,
            now=now_ms(),
        )
    except (InvalidState, InvalidValue) as error:
        return _render_tag_form(request, head, {**shown, "problem": error.message})
    except Conflict as error:
        now = error.details["now"]
        later = {"theirs": now, "is_gone": now is None, "seen": version_token(now)}
        return _render_tag_form(request, head, {**shown, **later, "problem": "later"})
    same = key in before and (before[key] or "") == value
    return _show_saved_tags(request, head, "" if same else _("Tag changed"))


def _tag_values(head: RunHead) -> dict[str, str | None]:
    return {tag.key: tag.value for tag in list_tags(head.run)}


def _render_tag_form(
    request: PageRequest, head: RunHead, box: dict[str, Any]
) -> HttpResponse:
    context = {
        **head_context(request, head),
        "box": box,
        "title": _("Edit tag") if "key" in box else _("Add tag"),
    }
    template, refused = "run/_run_tag_box.html", "problem" in box
    response = show_editor(request, template, context, refused=refused)
    if request.htmx and refused:
        # The form replaces the whole card on success, only itself on errors.
        response["HX-Retarget"] = "#tag-box"
    return response


def _show_saved_tags(request: PageRequest, head: RunHead, message: str) -> HttpResponse:
    context = {
        **head_context(request, head),
        **tag_chips_context(request, list_tags(head.run)),
        "refocus": True,
    }
    return show_saved_change(request, head.run, message, "run/_run_tags.html", context)


@access(Permission.ANNOTATE)
@require_safe
def suggest_tags(request: PageRequest, run_id: str) -> HttpResponse:
    """Suggest keys; after a colon, values of the key."""
    # Suggestions come from all runs of the workspace.
    del run_id
    # PostgreSQL refuses NUL characters in texts.
    typed = request.GET.get("tag", "")[:500].replace("\0", "")
    key, value = split_tag_text(typed)
    if ":" in typed:
        values = suggest_tag_values(request.workspace, key, value or "")
        options = [f"{key}: {each}" for each in values]
    else:
        options = suggest_tag_keys(request.workspace, key)
    return render(request, "run/_run_tag_options.html", {"options": options})
