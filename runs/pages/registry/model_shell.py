"""What all tabs of a registered model share: its head, tabs, links and forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from runs.access import Permission
from runs.models import ModelVersion, RegisteredModel, Run
from runs.pages.requests import (
    FORM_ERROR_STATUS,
    WORKSPACE_URL,
    PageRequest,
    safe_return_path,
)
from runs.pages.run_shell import role_refusal
from runs.render.formats import registered_model_path, run_path
from runs.search.registry import ModelHead, find_model, read_model_head

MODEL_URL = f"{WORKSPACE_URL}models/<str:name>/"
VERSION_URL = f"{MODEL_URL}<int:number>/"
#: The page of a form, for browsers without a script.
FORM_PAGE = "registry/model_form.html"


@dataclass(frozen=True)
class ModelTab:
    name: str
    label: str
    href: str
    count: int | None = None


def find_page_model(request: PageRequest, name: str) -> RegisteredModel:
    return find_model(request.workspace, name)


def model_path(model: RegisteredModel) -> str:
    return registered_model_path(model.workspace.name, model.name)


def version_path(version: ModelVersion) -> str:
    return f"{model_path(version.model)}{version.number}/"


def run_href(request: PageRequest, run: Run) -> str:
    return run_path(request.workspace.name, run.run_id)


def can_change(request: PageRequest) -> bool:
    return not role_refusal(request, Permission.ANNOTATE)


def show_model_tab(
    request: PageRequest, model: RegisteredModel, tab: str, context: dict[str, Any]
) -> HttpResponse:
    whole = {**model_context(request, model), **context, "tab": tab}
    whole["tab_template"] = f"registry/_model_{tab}.html"
    return render(request, "registry/model.html", whole)


def model_context(request: PageRequest, model: RegisteredModel) -> dict[str, Any]:
    head = read_model_head(model, request.actor.user)
    return {**frame_context(request, model), "head": head, "tabs": _tabs(model, head)}


def frame_context(request: PageRequest, model: RegisteredModel) -> dict[str, Any]:
    """Return what the crumbs and the forms of the model need."""
    path = model_path(model)
    return {
        "model": model,
        "path": path,
        "can_edit": can_change(request),
        "link": request.build_absolute_uri(path),
        "here": request.get_full_path(),
    }


def _tabs(model: RegisteredModel, head: ModelHead) -> list[ModelTab]:
    path = model_path(model)
    return [
        ModelTab("versions", _("Versions"), path, head.versions),
        ModelTab("details", _("Details"), f"{path}details/"),
        ModelTab("lineage", _("Lineage"), f"{path}lineage/"),
        ModelTab("activity", _("Activity"), f"{path}activity/", head.changes),
    ]


def show_form(
    request: PageRequest,
    model: RegisteredModel,
    template: str,
    context: dict[str, Any],
    *,
    refused: bool = False,
) -> HttpResponse:
    """Show a form in the page's dialog, or without a script on a page of its own."""
    whole = {**frame_context(request, model), **context, "form_template": template}
    status = FORM_ERROR_STATUS if refused else 200
    page = template if request.htmx else FORM_PAGE
    return render(request, page, whole, status=status)


def back_with_message(request: PageRequest, message: str, path: str) -> HttpResponse:
    """Return to the page of the form, or to `path`, with a toast."""
    if message:
        messages.success(request, message)
    return _back(request, path)


def back_with_error(request: PageRequest, message: str, path: str) -> HttpResponse:
    messages.error(request, message)
    return _back(request, path)


def _back(request: PageRequest, path: str) -> HttpResponse:
    if not request.htmx:
        return redirect(safe_return_path(request) or path)
    # A dialog's form: the page below it is shown again, in its state.
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response


def quoted(text: str) -> str:
    """Return the text as Python code."""
    return f'"{text}"' if '"' not in text and "\\" not in text else repr(text)
