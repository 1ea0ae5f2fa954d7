"""A run's description: its editor, its pictures, its versions."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, render_json_error, view_by_method
from runs.actions.run import MIRROR_TAGS, describe_run
from runs.models import now_ms
from runs.pages.descriptions import (
    DescriptionEditor,
    DescriptionVersionsPage,
    attach_uploaded_picture,
    open_description_editor,
    picture_markdown,
    render_description,
    restore_description,
    save_description,
    show_description_versions,
)
from runs.pages.requests import PageRequest
from runs.pages.run_shell import find_run_head, head_context, show_saved_change
from runs.search.descriptions import find_last_version
from runs.search.run import RunHead, list_tags

EDITOR_PAGE = "run/run_editor.html"


@access(Permission.ANNOTATE)
def _show_description_form(request: PageRequest, run_id: str) -> HttpResponse:
    return open_description_editor(
        request, _run_editor(request, find_run_head(request, run_id))
    )


@access(Permission.ANNOTATE)
def _save_description(request: PageRequest, run_id: str) -> HttpResponse:
    return save_description(
        request, _run_editor(request, find_run_head(request, run_id))
    )


edit_description = view_by_method(GET=_show_description_form, POST=_save_description)


@access(Permission.ANNOTATE, errors=render_json_error)
@require_POST
def add_picture(request: PageRequest, run_id: str) -> HttpResponse:
    """Store a pasted image, and return the Markdown that shows it."""
    file = attach_uploaded_picture(request, find_run_head(request, run_id).run)
    return JsonResponse({"text": picture_markdown(file)}, status=201)


@access(Permission.READ)
@require_safe
def show_run_versions(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    return show_description_versions(request, _run_versions_page(request, head))


@access(Permission.ANNOTATE)
@require_POST
def restore_run_version(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    return restore_description(request, _run_versions_page(request, head))


def _run_editor(request: PageRequest, head: RunHead) -> DescriptionEditor:
    run, page_context = head.run, head_context(request, head)
    # MLflow clients write the description as this tag, so the editor starts with it.
    notes = (t.value for t in list_tags(run) if t.key == MIRROR_TAGS["description"])
    return DescriptionEditor(
        part="run-description",
        path=f"{page_context['path']}description/",
        back=page_context["path"],
        stored=run.description,
        text="" if run.description else next(notes, "") or "",
        write=lambda text, seen: describe_run(
            run, text, actor=request.actor, now=now_ms(), seen_version=seen
        ),
        saved=lambda message: _show_saved_description(request, head, message),
        frame=page_context,
        page=EDITOR_PAGE,
        run=run,
    )


def _show_saved_description(
    request: PageRequest, head: RunHead, message: str
) -> HttpResponse:
    run = head.run
    context = {
        **head_context(request, head),
        "description": render_description(request, run.description, run),
        "edited": find_last_version(run),
    }
    return show_saved_change(
        request, run, message, "run/_run_description.html", context
    )


def _run_versions_page(request: PageRequest, head: RunHead) -> DescriptionVersionsPage:
    run, page_context = head.run, head_context(request, head)
    return DescriptionVersionsPage(
        home=run,
        text=run.description,
        path=f"{page_context['path']}description/",
        back=page_context["path"],
        write=partial(describe_run, run, actor=request.actor, now=now_ms()),
        frame=page_context,
        page=EDITOR_PAGE,
        run=run,
    )
