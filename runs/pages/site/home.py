"""Redirects from the home pages to a run list."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from runs.access import (
    SIGNED_IN,
    Permission,
    StudioRequest,
    access,
    signed_in_user,
    workspace_of,
)
from runs.models import Workspace


@access(SIGNED_IN)
@require_safe
def home(request: StudioRequest) -> HttpResponse:
    """Redirect to the runs of the workspace that was opened last."""
    user = signed_in_user(request)
    mine = Workspace.objects.visible_to(user)
    # The last workspace can be one that the user has left.
    last = mine.filter(pk=user.last_workspace_id or 0).first()
    workspace = last or mine.order_by("name").first()
    if workspace is None:
        return render(request, "site/no_workspace.html")
    return redirect("run-list", workspace.name)


@access(Permission.READ)
@require_safe
def workspace_home(request: StudioRequest) -> HttpResponse:
    """Redirect to the run list.

    MLflow clients print this address with a fragment, which browsers keep; the script
    of the list follows it to the run or experiment.
    """
    return redirect("run-list", workspace_of(request).name)
