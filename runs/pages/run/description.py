"""A run's description: its editor, its pictures, its versions."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, by_method, render_json_error
from runs.actions.clock import now_ms
from runs.actions.run import MIRROR_TAGS, describe_run
from runs.pages.descriptions import editor as description
from runs.pages.descriptions import versions as description_versions
from runs.pages.descriptions.editor import Described, keep_picture, picture_text
from runs.pages.descriptions.references import shown
from runs.pages.descriptions.versions import Versions
from runs.pages.requests.page_request import PageRequest
from runs.pages.run_shell.editors import show_saved
from runs.pages.run_shell.head import find_head, frame
from runs.search.descriptions import find_last_version
from runs.search.run import RunHead, list_tags

EDITOR_PAGE = "run/run_editor.html"


@access(Permission.ANNOTATE)
def _edit(request: PageRequest, run_id: str) -> HttpResponse:
    return description.edit(request, _described(request, find_head(request, run_id)))


@access(Permission.ANNOTATE)
def _save(request: PageRequest, run_id: str) -> HttpResponse:
    return description.save(request, _described(request, find_head(request, run_id)))


edit_description = by_method(GET=_edit, POST=_save)


@access(Permission.ANNOTATE, errors=render_json_error)
@require_POST
def add_picture(request: PageRequest, run_id: str) -> HttpResponse:
    """What the editor pastes: kept, and answered with the text that shows it."""
    file = keep_picture(request, find_head(request, run_id).run)
    return JsonResponse({"text": picture_text(file)}, status=201)


@access(Permission.READ)
@require_safe
def versions(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_head(request, run_id)
    return description_versions.show(request, _versions(request, head))


@access(Permission.ANNOTATE)
@require_POST
def restore(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_head(request, run_id)
    return description_versions.restore(request, _versions(request, head))


def _described(request: PageRequest, head: RunHead) -> Described:
    run, around = head.run, frame(request, head)
    notes = (t.value for t in list_tags(run) if t.key == MIRROR_TAGS["description"])
    return Described(
        part="run-description",
        path=f"{around['path']}description/",
        back=around["path"],
        stored=run.description,
        text="" if run.description else next(notes, "") or "",
        write=lambda text, seen: describe_run(
            run, text, actor=request.actor, now=now_ms(), seen_version=seen
        ),
        saved=lambda said: _saved(request, head, said),
        frame=around,
        page=EDITOR_PAGE,
        run=run,
    )


def _saved(request: PageRequest, head: RunHead, said: str) -> HttpResponse:
    run = head.run
    context = {
        **frame(request, head),
        "description": shown(request, run.description, run),
        "edited": find_last_version(run),
    }
    return show_saved(request, run, said, "run/_run_description.html", context)


def _versions(request: PageRequest, head: RunHead) -> Versions:
    run, around = head.run, frame(request, head)
    return Versions(
        home=run,
        text=run.description,
        path=f"{around['path']}description/",
        back=around["path"],
        write=partial(describe_run, run, actor=request.actor, now=now_ms()),
        frame=around,
        page=EDITOR_PAGE,
        run=run,
    )
