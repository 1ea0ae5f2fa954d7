"""Redirects from the addresses that the v1 SDK prints to runs and experiments.

Notebooks, mails and tickets keep links such as
`<studio>/runs/<run id>?wsid=/subscriptions/…/workspaces/<name>&tid=…`. If several
workspaces of the user have the ID, the one in `wsid` comes first, then the last opened.
"""

from __future__ import annotations

import re

from django.db.models import Case, Value, When
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import BROWSER_ONLY, StudioRequest, access, signed_in_user
from runs.models import Experiment, Run
from runs.render.formats import experiment_path, run_path
from studio.core.errors import NotFound

WORKSPACE = re.compile(r"/workspaces/([\w-]{1,63})", re.IGNORECASE | re.ASCII)


@access(BROWSER_ONLY)
@require_safe
def redirect_to_run(request: StudioRequest, run_id: str) -> HttpResponse:
    """Redirect to the page of a run that the user can read."""
    mine = Run.objects.visible_to(signed_in_user(request))
    # PostgreSQL refuses NUL characters in texts.
    matching = mine.filter(run_id=run_id.replace("\x00", ""))
    found = matching.order_by(_nearest_workspace_first(request), "workspace__name")
    run = found.values_list("workspace__name", "run_id").first()
    if run is None:
        raise NotFound(_("No run with this ID in your workspaces."))
    return redirect(run_path(*run))


@access(BROWSER_ONLY)
@require_safe
def redirect_to_experiment(request: StudioRequest, number: int) -> HttpResponse:
    """Redirect to the run list of an experiment that the user can read."""
    mine = Experiment.objects.visible_to(signed_in_user(request))
    found = mine.filter(number=number).order_by(
        _nearest_workspace_first(request), "workspace__name"
    )
    named = found.values_list("workspace__name", "number", "name").first()
    if named is None:
        raise NotFound(_("No experiment with this number in your workspaces."))
    return redirect(experiment_path(*named))


def _nearest_workspace_first(request: StudioRequest) -> Case:
    named = WORKSPACE.search(request.GET.get("wsid", ""))
    # IDs are unique in a workspace only, and the last opened one is the best guess.
    last = signed_in_user(request).last_workspace_id or 0
    return Case(
        When(workspace__name=named[1] if named else "", then=Value(0)),
        When(workspace=last, then=Value(1)),
        default=Value(2),
    )
