"""The form *Register version*: a logged model, or files of a run."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from runs.access import Permission, access, view_by_method
from runs.actions.registry import VersionDetails, move_alias, register_version
from runs.models import ModelVersion, RegisteredModel, now_ms
from runs.pages.registry.model_forms import RegisterForm
from runs.pages.registry.model_shell import (
    back_with_message,
    find_page_model,
    model_path,
    show_form,
)
from runs.pages.requests import PageRequest
from runs.search.registry import list_recent_models, list_recent_runs
from studio.core import names
from studio.core.errors import StudioError

TEMPLATE = "registry/forms/_register_form.html"
OF_RUN, OF_MODEL = "run", "model"


@access(Permission.ANNOTATE)
def _show_register_form(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    run = request.GET.get("run", "")[:64]
    kind = OF_RUN if run or not list_recent_models(request.workspace) else OF_MODEL
    return _render_form(request, model, {"kind": kind, "run": run})


@access(Permission.ANNOTATE)
def _register(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    values = RegisterForm(request.POST).check()
    try:
        version = _register_from_form(request, model, values)
    except StudioError as error:
        return _render_form(request, model, values, problem=error.message)
    message = _("Version %(number)s registered") % {"number": version.number}
    return back_with_message(request, message, model_path(model))


register_model_version = view_by_method(GET=_show_register_form, POST=_register)


def _register_from_form(
    request: PageRequest, model: RegisteredModel, values: dict[str, Any]
) -> ModelVersion:
    if values["alias"]:
        # Checked first, so that a wrong alias registers nothing.
        names.check_model_alias(values["alias"])
    version = register_version(
        request.workspace,
        model.name,
        _source_text(values),
        VersionDetails(description=values["description"]),
        host=request.get_host(),
        actor=request.actor,
        now=now_ms(),
    )
    if values["alias"]:
        alias = values["alias"]
        move_alias(version, alias, actor=request.actor, now=now_ms())
    return version


def _source_text(values: dict[str, Any]) -> str:
    if values["kind"] == OF_MODEL:
        return f"models:/{values['logged_model']}"
    path = values["path"].strip("/")
    return f"runs:/{values['run']}/{path}" if path else f"runs:/{values['run']}"


def _render_form(
    request: PageRequest,
    model: RegisteredModel,
    values: dict[str, Any],
    **more: Any,
) -> HttpResponse:
    context = {
        "title": _("Register version"),
        "values": values,
        "logged_models": list_recent_models(request.workspace),
        "recent_runs": list_recent_runs(request.workspace),
        **more,
    }
    return show_form(request, model, TEMPLATE, context, refused="problem" in more)
