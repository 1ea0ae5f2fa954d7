"""Describe, tag, stage and delete one version."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, view_by_method
from runs.actions.registry import (
    delete_version,
    delete_version_tag,
    set_stage,
    set_version_tag,
    update_version,
)
from runs.models import ModelStage, ModelVersion, now_ms
from runs.pages.descriptions import (
    DescriptionEditor,
    open_description_editor,
    save_description,
)
from runs.pages.registry.model_details import EDITOR_PAGE, split_tag
from runs.pages.registry.model_forms import RegistryTagForm, StageForm
from runs.pages.registry.model_shell import (
    back_with_error,
    back_with_message,
    find_page_model,
    frame_context,
    model_path,
    show_form,
    version_path,
)
from runs.pages.requests import PageRequest
from runs.search.registry import find_version
from studio.core.errors import InvalidState, InvalidValue

#: Stages whose other versions can be archived.
ARCHIVING_STAGES = (ModelStage.STAGING, ModelStage.PRODUCTION)


def _find(request: PageRequest, name: str, number: int) -> ModelVersion:
    return find_version(find_page_model(request, name), number)


@access(Permission.ANNOTATE)
def _show_description_form(
    request: PageRequest, name: str, number: int
) -> HttpResponse:
    editor = _version_editor(request, _find(request, name, number))
    return open_description_editor(request, editor)


@access(Permission.ANNOTATE)
def _save_description(request: PageRequest, name: str, number: int) -> HttpResponse:
    editor = _version_editor(request, _find(request, name, number))
    return save_description(request, editor)


edit_version_description = view_by_method(
    GET=_show_description_form, POST=_save_description
)


def _version_editor(request: PageRequest, version: ModelVersion) -> DescriptionEditor:
    path = version_path(version)
    return DescriptionEditor(
        part="version-description",
        path=f"{path}description/",
        back=path,
        stored=version.description,
        text="",
        write=lambda text, seen: update_version(
            version, text, actor=request.actor, now=now_ms(), seen_version=seen
        ),
        saved=partial(_show_saved, request, path),
        frame={**frame_context(request, version.model), "version": version},
        page=EDITOR_PAGE,
    )


def _show_saved(request: PageRequest, path: str, message: str) -> HttpResponse:
    if message:
        messages.success(request, message)
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = path
        return response
    return redirect(path)


@access(Permission.ANNOTATE)
@require_POST
def edit_version_tags(request: PageRequest, name: str, number: int) -> HttpResponse:
    version = _find(request, name, number)
    values = RegistryTagForm(request.POST).check()
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    path = version_path(version)
    try:
        if (removed := values["remove"]) is not None:
            existed = delete_version_tag(version, removed, **who)
            return back_with_message(request, _("Tag removed") if existed else "", path)
        set_version_tag(version, *split_tag(values["tag"]), **who)
    except InvalidValue as error:
        return back_with_error(request, error.message, path)
    return back_with_message(request, _("Tag set"), path)


@access(Permission.ANNOTATE)
def _show_stage_form(request: PageRequest, name: str, number: int) -> HttpResponse:
    version = _find(request, name, number)
    context = {
        "title": _("Set stage"),
        "version": version,
        "stages": ModelStage.values,
        "action": f"{version_path(version)}stage/",
    }
    return show_form(request, version.model, "registry/forms/_stage_form.html", context)


@access(Permission.ANNOTATE)
def _set_stage(request: PageRequest, name: str, number: int) -> HttpResponse:
    version = _find(request, name, number)
    path = version_path(version)
    try:
        values = StageForm(request.POST).check()
        stage = values["stage"]
        set_stage(
            version,
            stage,
            archive_existing=values["archive"] and stage in ARCHIVING_STAGES,
            actor=request.actor,
            now=now_ms(),
        )
    except InvalidValue as error:
        return back_with_error(request, error.message, path)
    return back_with_message(request, _("Stage set"), path)


edit_version_stage = view_by_method(GET=_show_stage_form, POST=_set_stage)


@access(Permission.TRASH)
def _ask_to_delete(request: PageRequest, name: str, number: int) -> HttpResponse:
    version = _find(request, name, number)
    names = {"number": number, "name": version.model.name}
    context = {
        "title": _("Delete version"),
        "question": _("Delete version %(number)s of %(name)s?") % names,
        "action": f"{version_path(version)}delete/",
        "aliases": [each.name for each in version.aliases.order_by("name")],
    }
    template = "registry/forms/_delete_form.html"
    return show_form(request, version.model, template, context)


@access(Permission.TRASH)
def _delete(request: PageRequest, name: str, number: int) -> HttpResponse:
    version = _find(request, name, number)
    path = model_path(version.model)
    try:
        delete_version(version, actor=request.actor, now=now_ms())
    except InvalidState as error:
        return back_with_error(request, error.message, path)
    messages.success(request, _("Version %(number)s deleted") % {"number": number})
    return redirect(path)


delete_this_version = view_by_method(GET=_ask_to_delete, POST=_delete)
