"""*New model*: a name and a description; versions follow from runs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from runs.access import Permission, access, view_by_method
from runs.actions.registry import create_model
from runs.models import now_ms
from runs.pages.requests import (
    FORM_ERROR_STATUS,
    MarkdownField,
    PageForm,
    PageRequest,
    TextField,
)
from runs.render.formats import registered_model_path
from studio.core.errors import StudioError
from studio.core.names import check_registered_model_name

PAGE, FORM = "registry/new_model.html", "registry/_new_model_form.html"


class NewModelForm(PageForm):
    name = TextField(check_registered_model_name)
    description = MarkdownField()


@access(Permission.ANNOTATE)
def _show_new_model_form(request: PageRequest) -> HttpResponse:
    return _form_response(request, NewModelForm(), status=200)


@access(Permission.ANNOTATE)
def _create_model(request: PageRequest) -> HttpResponse:
    form = NewModelForm(request.POST)
    try:
        sent = form.check()
        model = create_model(
            request.workspace,
            sent["name"],
            description=sent["description"],
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        form.show_error(error)
        return _form_response(request, form, status=FORM_ERROR_STATUS)
    messages.success(request, _("Model %(name)s created.") % {"name": model.name})
    return redirect(registered_model_path(request.workspace.name, model.name))


new_model = view_by_method(GET=_show_new_model_form, POST=_create_model)


def _form_response(
    request: PageRequest, form: NewModelForm, *, status: int
) -> HttpResponse:
    """Show the form in a dialog, or without a script on a page of its own."""
    template = FORM if request.htmx else PAGE
    return render(request, template, {"form": form}, status=status)
