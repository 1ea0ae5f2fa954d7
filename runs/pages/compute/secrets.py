"""Set and delete the workspace's secrets. No page shows a value."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions import compute as compute_actions
from runs.models import now_ms
from runs.pages.compute.compute import show_compute
from runs.pages.compute.forms import SecretForm
from runs.pages.compute.targets import redirect_to_compute
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from studio.core.errors import StudioError


@access(Permission.COMPUTE)
@sensitive_post_parameters("value")
@require_POST
def set_secret(request: PageRequest) -> HttpResponse:
    form = SecretForm(request.POST)
    try:
        sent = form.check()
        compute_actions.set_secret(
            request.workspace,
            sent["name"],
            sent["value"],
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        form.show_error(error)
        name = form["name"].value() or ""
        return show_compute(
            request,
            status=FORM_ERROR_STATUS,
            secret_problem=form.problem,
            secret_name=name,
        )
    messages.success(request, _("Secret %(name)s set.") % {"name": sent["name"]})
    return redirect_to_compute(request)


@access(Permission.COMPUTE)
@require_POST
def delete_secret(request: PageRequest, name: str) -> HttpResponse:
    compute_actions.delete_secret(
        request.workspace, name, actor=request.actor, now=now_ms()
    )
    messages.success(request, _("Secret %(name)s deleted.") % {"name": name})
    return redirect_to_compute(request)
