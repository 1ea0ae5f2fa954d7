"""The card *Environments*: what is registered, and how owners delete it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions import submit as submit_actions
from runs.models import RegisteredEnvironment, Workspace, now_ms
from runs.pages.compute.targets import redirect_to_compute
from runs.pages.requests import PageRequest
from runs.search.submit import list_environments

MAX_ROWS = 100


@dataclass(frozen=True)
class EnvironmentRow:
    name: str
    #: Name and newest version.
    label: str
    #: The address of its content.
    href: str
    creator: str
    created: int


def environment_context(workspace: Workspace) -> dict[str, Any]:
    """Return the newest versions by name, up to a limit, and how many there are."""
    found = list_environments(workspace)
    rows = [_environment_row(workspace, one) for one in found[:MAX_ROWS]]
    total = len(rows) if len(rows) < MAX_ROWS else found.count()
    return {"environments": rows, "environment_total": total}


@access(Permission.COMPUTE)
@require_POST
def delete_environment(request: PageRequest, name: str) -> HttpResponse:
    submit_actions.delete_environment(
        request.workspace, name, actor=request.actor, now=now_ms()
    )
    messages.success(request, _("Environment %(name)s deleted.") % {"name": name})
    return redirect_to_compute(request)


def _environment_row(
    workspace: Workspace, one: RegisteredEnvironment
) -> EnvironmentRow:
    return EnvironmentRow(
        one.name,
        str(one),
        reverse("api-get_environment", args=[workspace.name, one.name]),
        str(one.created_by or ""),
        one.created,
    )
