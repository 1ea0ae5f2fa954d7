"""The tab *Details*: description, tags, who and when, code that loads the model."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, view_by_method
from runs.actions.registry import delete_model_tag, set_model_tag, update_model
from runs.models import RegisteredModel, now_ms
from runs.pages.descriptions import (
    DescriptionEditor,
    DescriptionVersionsPage,
    open_description_editor,
    render_description,
    restore_description,
    save_description,
    show_description_versions,
)
from runs.pages.registry.model_forms import RegistryTagForm
from runs.pages.registry.model_shell import (
    back_with_error,
    back_with_message,
    find_page_model,
    frame_context,
    model_path,
    quoted,
    show_model_tab,
)
from runs.pages.requests import PageRequest
from runs.search.descriptions import find_last_version
from runs.search.registry import list_aliases
from studio.core.errors import InvalidValue

EDITOR_PAGE = "registry/model_editor.html"


@access(Permission.READ)
@require_safe
def model_details(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    text = model.description
    context = {
        "about": render_description(request, text),
        "edited": find_last_version(model) if text else None,
        "snippet": _load_snippet(request, model),
        "tags_path": f"{model_path(model)}tags/",
    }
    return show_model_tab(request, model, "details", context)


def _load_snippet(request: PageRequest, model: RegisteredModel) -> str:
    """Return code that loads the model by an alias, else by its newest version."""
    aliases = [each.name for each in list_aliases(model)]
    best = "champion" if "champion" in aliases else next(iter(aliases), "")
    reference = f"@{best}" if best else f"/{model.latest_version or 1}"
    uri = f"models:/{model.name}{reference}"
    server = request.build_absolute_uri(f"/w/{request.workspace.name}")
    return "\n".join(
        (
            "import mlflow",
            "",
            f'mlflow.set_tracking_uri("{server}")',
            f"model = mlflow.pyfunc.load_model({quoted(uri)})",
        )
    )


@access(Permission.ANNOTATE)
def _show_description_form(request: PageRequest, name: str) -> HttpResponse:
    return open_description_editor(
        request, _model_editor(request, find_page_model(request, name))
    )


@access(Permission.ANNOTATE)
def _save_description(request: PageRequest, name: str) -> HttpResponse:
    return save_description(
        request, _model_editor(request, find_page_model(request, name))
    )


edit_model_description = view_by_method(
    GET=_show_description_form, POST=_save_description
)


def _model_editor(request: PageRequest, model: RegisteredModel) -> DescriptionEditor:
    path = f"{model_path(model)}details/"
    return DescriptionEditor(
        part="model-description",
        path=f"{model_path(model)}description/",
        back=path,
        stored=model.description,
        text="",
        write=lambda text, seen: update_model(
            model, text, actor=request.actor, now=now_ms(), seen_version=seen
        ),
        saved=lambda message: _show_saved(request, path, message),
        frame=frame_context(request, model),
        page=EDITOR_PAGE,
        links="",
    )


def _show_saved(request: PageRequest, path: str, message: str) -> HttpResponse:
    if message:
        messages.success(request, message)
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = path
        return response
    return redirect(path)


def _versions_page(
    request: PageRequest, model: RegisteredModel
) -> DescriptionVersionsPage:
    return DescriptionVersionsPage(
        home=model,
        text=model.description,
        path=f"{model_path(model)}description/",
        back=f"{model_path(model)}details/",
        write=partial(_restore, request, model),
        frame=frame_context(request, model),
        page=EDITOR_PAGE,
    )


def _restore(request: PageRequest, model: RegisteredModel, text: str) -> object:
    return update_model(model, text, actor=request.actor, now=now_ms())


@access(Permission.READ)
@require_safe
def show_model_description_versions(request: PageRequest, name: str) -> HttpResponse:
    found = _versions_page(request, find_page_model(request, name))
    return show_description_versions(request, found)


@access(Permission.ANNOTATE)
@require_POST
def restore_model_description(request: PageRequest, name: str) -> HttpResponse:
    found = _versions_page(request, find_page_model(request, name))
    return restore_description(request, found)


@access(Permission.ANNOTATE)
@require_POST
def edit_model_tags(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    values = RegistryTagForm(request.POST).check()
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    path = f"{model_path(model)}details/"
    try:
        if (removed := values["remove"]) is not None:
            existed = delete_model_tag(model, removed, **who)
            return back_with_message(request, _("Tag removed") if existed else "", path)
        set_model_tag(model, *split_tag(values["tag"]), **who)
    except InvalidValue as error:
        return back_with_error(request, error.message, path)
    return back_with_message(request, _("Tag set"), path)


def split_tag(text: str) -> tuple[str, str]:
    """Split `key: value`; a key alone has an empty value."""
    # Keys can contain colons themselves, so a colon with a space decides first.
    key, _colon, value = text.strip().partition(": " if ": " in text else ":")
    return key.strip(), value.strip()
