"""Stars of a member on registered models."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions.registry import star_model
from runs.models import now_ms
from runs.pages.requests import PageRequest, StarForm, star_response
from runs.search.registry import find_model


@access(Permission.STAR)
@require_POST
def star_this_model(request: PageRequest, name: str) -> HttpResponse:
    model = find_model(request.workspace, name)
    on = StarForm(request.POST).check()["starred"]
    star_model(model, request.actor.user, on, actor=request.actor, now=now_ms())
    return star_response(request, on)
