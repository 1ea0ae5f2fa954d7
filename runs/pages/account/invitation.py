"""The page behind an invitation link: a new or an existing user joins."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from runs.access import PUBLIC, StudioRequest, access
from runs.actions.account import (
    create_user_with_password,
    find_invitation,
    use_invitation,
)
from runs.models import Invitation, User, now_ms
from runs.pages.account.forms import RegistrationForm
from runs.pages.account.sign_in import start_session
from studio.core.errors import StudioError


@access(PUBLIC)
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_page(request: StudioRequest, secret: str) -> HttpResponse:
    """Show the invitation, or join: as a new user, or as the one signed in.

    Only POST uses the invitation: mail scanners open links.
    """
    # Before the form is read: a used or expired link is an error for everyone.
    found = find_invitation(secret, now=now_ms())
    if request.method != "POST":
        return _show_invitation(request, found, RegistrationForm())
    user = request.actor.user
    if user is not None:
        workspace = use_invitation(secret, user, now=now_ms())
        return redirect("run-list", workspace.name)
    form = RegistrationForm(request.POST)
    try:
        user = _register_and_join(request, secret, form)
    except StudioError as error:
        form.show_error(error)
        return _show_invitation(request, found, form, status=error.status)
    return start_session(request, user, "/", keep=True)


@transaction.atomic
def _register_and_join(
    request: StudioRequest, secret: str, form: RegistrationForm
) -> User:
    """Register a person and make them a member, or do neither."""
    values = form.check()
    user = create_user_with_password(
        values["username"],
        values["password"],
        display_name=values["display_name"],
        actor=request.actor,
        now=now_ms(),
    )
    # The same transaction: a link that was used in between must not leave an account.
    use_invitation(secret, user, now=now_ms())
    return user


def _show_invitation(
    request: StudioRequest,
    invitation: Invitation,
    form: RegistrationForm,
    status: int = 200,
) -> HttpResponse:
    context = {"invitation": invitation, "form": form}
    return render(request, "account/invitation.html", context, status=status)
