"""The page behind an invitation link: somebody new, or somebody known, joins."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from runs.access.rules import PUBLIC, StudioRequest, access
from runs.actions.account.accounts import register
from runs.actions.account.links import find_invitation, use_invitation
from runs.actions.clock import now_ms
from runs.models import Invitation, User
from runs.pages.account.sign_in import enter
from studio.core.errors import InvalidValue, StudioError


@access(PUBLIC)
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: StudioRequest, secret: str) -> HttpResponse:
    """GET uses nothing up; POST joins, as a new person or as the one signed in."""
    found = find_invitation(secret, now=now_ms())
    if request.method != "POST":
        return _page(request, found)
    user = request.actor.user
    if user is not None:
        workspace = use_invitation(secret, user, now=now_ms())
        return redirect("run-list", workspace.name)
    try:
        user = _join(request, secret)
    except StudioError as error:
        return _page(request, found, error)
    return enter(request, user, "/", keep=True)


@transaction.atomic
def _join(request: StudioRequest, secret: str) -> User:
    """Both or neither: a person without a workspace would be of no use."""
    given = request.POST
    if given.get("password", "") != given.get("again", ""):
        raise InvalidValue(_("The two passwords differ."), field="again")
    user = register(
        given.get("username", "").strip(),
        given.get("password", ""),
        display_name=given.get("display_name", ""),
        actor=request.actor,
        now=now_ms(),
    )
    use_invitation(secret, user, now=now_ms())
    return user


def _page(
    request: StudioRequest, found: Invitation, error: StudioError | None = None
) -> HttpResponse:
    context = {"invitation": found, "error": error, "typed": request.POST}
    status = error.status if error else 200
    return render(request, "account/invitation.html", context, status=status)
