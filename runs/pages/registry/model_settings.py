"""Rename and delete a registered model."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from runs.access import Permission, access, view_by_method
from runs.actions.registry import delete_model, rename_model
from runs.models import RegisteredModel, now_ms
from runs.pages.registry.model_forms import RenameModelForm
from runs.pages.registry.model_shell import (
    back_with_error,
    find_page_model,
    model_path,
    show_form,
)
from runs.pages.requests import PageRequest
from studio.core.errors import AlreadyExists, InvalidState, InvalidValue


@access(Permission.ANNOTATE)
def _show_rename_form(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    return _render_rename_form(request, model, model.name)


@access(Permission.ANNOTATE)
def _rename(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    wanted = RenameModelForm(request.POST).check()["name"]
    try:
        rename_model(model, wanted, actor=request.actor, now=now_ms())
    except (InvalidValue, AlreadyExists) as error:
        return _render_rename_form(request, model, wanted, problem=error.message)
    return redirect(model_path(model))


rename_this_model = view_by_method(GET=_show_rename_form, POST=_rename)


def _render_rename_form(
    request: PageRequest, model: RegisteredModel, wanted: str, **more: str
) -> HttpResponse:
    context = {"title": _("Rename model"), "wanted": wanted, **more}
    template = "registry/forms/_rename_form.html"
    return show_form(request, model, template, context, refused="problem" in more)


@access(Permission.TRASH)
def _ask_to_delete(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    context = {
        "title": _("Delete model"),
        "question": _("Delete %(name)s with all its versions?") % {"name": model.name},
        "action": f"{model_path(model)}delete/",
        "aliases": [each.name for each in model.aliases.order_by("name")],
    }
    return show_form(request, model, "registry/forms/_delete_form.html", context)


@access(Permission.TRASH)
def _delete(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    try:
        delete_model(model, actor=request.actor, now=now_ms())
    except InvalidState as error:
        return back_with_error(request, error.message, model_path(model))
    return redirect(reverse("models", args=[request.workspace.name]))


delete_this_model = view_by_method(GET=_ask_to_delete, POST=_delete)
