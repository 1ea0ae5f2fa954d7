"""The reader's own account: profile, password, theme, tokens, sessions."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from runs.access.network import client_address
from runs.access.rules import IN_PERSON, PUBLIC, StudioRequest, access, signed_in_user
from runs.actions.account import accounts
from runs.actions.account.sign_in import check_sign_in
from runs.actions.account.tokens import make_token, revoke_token
from runs.actions.clock import now_ms
from runs.models import ApiToken, Member, Role, Theme, User
from runs.pages.account.sign_in import safe_target
from studio.core.errors import InvalidValue, NotFound, StudioError

THEME_COOKIE = "theme"
LIFETIMES = (30, 90, 365)


@access(IN_PERSON)
@require_safe
def account(request: StudioRequest) -> HttpResponse:
    return show(request)


def show(
    request: StudioRequest, *, error: StudioError | None = None, **extra: Any
) -> HttpResponse:
    """The page; with an error, the form that it belongs to keeps what was typed."""
    user = signed_in_user(request)
    tokens = user.tokens.filter(revoked__isnull=True).select_related("workspace")
    now = timezone.now()
    rows = user.memberships.select_related("workspace").order_by("workspace__name")
    memberships = list(rows)
    highest = max((member.role for member in memberships), default=Role.READER)
    context = {
        "memberships": memberships,
        "tokens": tokens.order_by("-pk"),
        "sessions": user.sessions.filter(expire_date__gt=now).order_by("-last_seen"),
        "this_session": request.session.session_key,
        "zones": sorted(zoneinfo.available_timezones()),
        "themes": Theme.choices,
        "lifetimes": LIFETIMES,
        "roles": [role for role in Role if role <= highest],
        "now": now,
        "error": error,
        "typed": request.POST,
        **extra,
    }
    status = error.status if error else 200
    return render(request, "account/account.html", context, status=status)


@access(IN_PERSON)
@require_POST
def set_profile(request: StudioRequest) -> HttpResponse:
    user = signed_in_user(request)
    given = request.POST
    try:
        accounts.set_profile(
            user,
            display_name=given.get("display_name", ""),
            email=given.get("email", "").strip(),
            time_zone=given.get("time_zone", ""),
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        return show(request, error=error, failed="profile")
    messages.success(request, _("Saved."))
    return redirect("account")


@access(IN_PERSON)
@sensitive_post_parameters()
@require_POST
def set_password(request: StudioRequest) -> HttpResponse:
    """A new password; whoever has one must know it. The other sessions end."""
    user = signed_in_user(request)
    given = request.POST
    try:
        _check_old_password(request, user, given.get("old", ""))
        if given.get("new", "") != given.get("again", ""):
            raise InvalidValue(_("The two new passwords differ."), field="again")
        accounts.set_password(
            user, given.get("new", ""), actor=request.actor, now=now_ms()
        )
    except StudioError as error:
        return show(request, error=error, failed="password")
    update_session_auth_hash(request, user)
    key = str(request.session.session_key)
    accounts.end_other_sessions(user, key, actor=request.actor, now=now_ms())
    messages.success(request, _("The password is set; other sessions were ended."))
    return redirect("account")


def _check_old_password(request: StudioRequest, user: User, old: str) -> None:
    if not user.has_usable_password():
        return
    address = client_address(request)
    try:
        check_sign_in(user.username, old, address=address, now=now_ms())
    except InvalidValue as error:
        raise InvalidValue(_("The present password is wrong."), field="old") from error


@access(PUBLIC)
@require_POST
def set_theme(request: StudioRequest) -> HttpResponse:
    """From every page's corner; a visitor's choice stays in a cookie."""
    theme = accounts.check_theme(request.POST.get("theme", ""))
    if request.actor.user is not None and request.token is None:
        accounts.set_theme(request.actor.user, theme, actor=request.actor, now=now_ms())
    response = redirect(safe_target(request.POST.get("next", "")) or "/")
    response.set_cookie(
        THEME_COOKIE,
        theme,
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@access(PUBLIC)
@require_POST
def set_language(request: StudioRequest) -> HttpResponse:
    """Set the language of the pages: of the account, and of this browser."""
    language = accounts.check_language(request.POST.get("language", ""))
    if request.actor.user is not None and request.token is None:
        user = request.actor.user
        accounts.set_language(user, language, actor=request.actor, now=now_ms())
    response = redirect(safe_target(request.POST.get("next", "")) or "/")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@access(IN_PERSON)
@require_POST
def add_token(request: StudioRequest) -> HttpResponse:
    """Answers with the page that shows the secret: nothing could show it again."""
    user = signed_in_user(request)
    try:
        token, secret = make_token(
            user,
            _own_workspace(user, request.POST.get("workspace", "")).workspace,
            request.POST.get("name", ""),
            role_cap=_role(request.POST.get("role_cap", "")),
            days=_days(request.POST.get("days", "")),
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        return show(request, error=error, failed="token")
    return show(request, made=token, secret=secret)


def _own_workspace(user: User, name: str) -> Member:
    member = user.memberships.select_related("workspace").filter(workspace__name=name)
    found = member.first()
    if found is None:
        raise NotFound(_("You are not a member of such a workspace."))
    return found


def _role(text: str) -> Role:
    for role in Role:
        if text == role.label:
            return role
    raise InvalidValue(_("There is no such role."), field="role")


def _days(text: str) -> int | None:
    if not text:
        return None
    if text not in {str(days) for days in LIFETIMES}:
        raise InvalidValue(_("A token cannot live so long."), field="days")
    return int(text)


@access(IN_PERSON)
@require_POST
def drop_token(request: StudioRequest, number: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=number, user=signed_in_user(request))
    revoke_token(token, actor=request.actor, now=now_ms())
    messages.success(request, _("The token “%s” is revoked.") % token.name)
    return redirect("account")


@access(IN_PERSON)
@require_POST
def end_session(request: StudioRequest, number: str) -> HttpResponse:
    """The address carries no key: a session's key is a password."""
    user = signed_in_user(request)
    for session in user.sessions.all():
        if session.public_id == number:
            accounts.end_session(
                user, session.session_key, actor=request.actor, now=now_ms()
            )
            messages.success(request, _("The session is ended."))
            return redirect("account")
    raise NotFound(_("There is no such session."))


@access(IN_PERSON)
@require_POST
def end_other_sessions(request: StudioRequest) -> HttpResponse:
    key = str(request.session.session_key)
    accounts.end_other_sessions(
        signed_in_user(request), key, actor=request.actor, now=now_ms()
    )
    messages.success(request, _("Every other session is ended."))
    return redirect("account")
