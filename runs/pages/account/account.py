"""The reader's own account: profile, password, theme, tokens, sessions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from runs.access import BROWSER_ONLY, PUBLIC, StudioRequest, access, signed_in_user
from runs.actions import account as account_actions
from runs.actions.account import KnownBrowser, check_sign_in, create_token, revoke_token
from runs.http import client_address
from runs.models import ApiToken, Member, Role, Theme, TokenKind, User, now_ms
from runs.pages.account.forms import (
    TOKEN_LIFETIMES,
    LanguageForm,
    PasswordForm,
    ProfileForm,
    ThemeForm,
    TokenForm,
)
from runs.pages.account.sign_in import RESET_KEY, safe_redirect_target
from runs.pages.requests import PageForm
from studio.core.errors import InvalidValue, NotFound, StudioError

THEME_COOKIE = "theme"


@access(BROWSER_ONLY)
@require_safe
def account_page(request: StudioRequest) -> HttpResponse:
    return show_account(request)


def show_account(
    request: StudioRequest,
    *,
    refused: tuple[PageForm, StudioError] | None = None,
    **more: Any,
) -> HttpResponse:
    """Show the page; a refused form keeps what was typed."""
    status = 200
    if refused is not None:
        form, error = refused
        form.show_error(error)
        status = error.status
    user = signed_in_user(request)
    tokens = user.tokens.filter(
        revoked__isnull=True, kind=TokenKind.ORDINARY
    ).select_related("workspace")
    now = timezone.now()
    rows = user.memberships.select_related("workspace").order_by("workspace__name")
    memberships = list(rows)
    # A token is limited to its member's role, so higher limits would promise too much.
    highest = max((member.role for member in memberships), default=Role.READER)
    profile = {"display_name": user.display_name, "email": user.email}
    context = {
        "memberships": memberships,
        "tokens": tokens.order_by("-pk"),
        "sessions": user.sessions.filter(expire_date__gt=now).order_by("-last_seen"),
        "asks_password": user.has_usable_password()
        and not _can_reset_password(request),
        "this_session": request.session.session_key,
        "zones": account_actions.time_zones(),
        "zone_now": timezone.get_current_timezone_name(),
        "themes": [
            (Theme.SYSTEM.value, pgettext("theme", "System")),
            (Theme.LIGHT.value, pgettext("theme", "Light")),
            (Theme.DARK.value, pgettext("theme", "Dark")),
        ],
        "lifetimes": TOKEN_LIFETIMES,
        "roles": [role for role in Role if role <= highest],
        "now": now,
        "profile_form": ProfileForm(initial=profile),
        "password_form": PasswordForm(),
        "token_form": TokenForm(),
        **more,
    }
    return render(request, "account/account.html", context, status=status)


@access(BROWSER_ONLY)
@require_POST
def set_profile(request: StudioRequest) -> HttpResponse:
    user = signed_in_user(request)
    form = ProfileForm(request.POST)
    try:
        account_actions.set_profile(
            user, **form.check(), actor=request.actor, now=now_ms()
        )
    except StudioError as error:
        return show_account(request, refused=(form, error), profile_form=form)
    messages.success(request, _("Saved."))
    return redirect("account")


@access(BROWSER_ONLY)
@sensitive_post_parameters()
@require_POST
def set_password(request: StudioRequest) -> HttpResponse:
    """Set a new password and end the other sessions.

    People who have a password must confirm it, unless a link just signed them in.
    """
    user = signed_in_user(request)
    form = PasswordForm(request.POST)
    try:
        values = form.check()
        if not _can_reset_password(request):
            _check_old_password(request, user, values["old"])
        account_actions.set_password(
            user, values["new"], actor=request.actor, now=now_ms()
        )
    except StudioError as error:
        return show_account(request, refused=(form, error), password_form=form)
    request.session.pop(RESET_KEY, None)
    # A new password ends all sessions of the user: keep this one.
    update_session_auth_hash(request, user)
    key = str(request.session.session_key)
    account_actions.end_other_sessions(user, key, actor=request.actor, now=now_ms())
    messages.success(
        request, _("Password changed. Your other browsers were signed out.")
    )
    return redirect("account")


def _can_reset_password(request: StudioRequest) -> bool:
    """Return whether a link signed the user in a moment ago: the password is lost."""
    return now_ms() < int(request.session.get(RESET_KEY, 0))


def _check_old_password(request: StudioRequest, user: User, old: str) -> None:
    # The first owner signs in by a link, and has no password until this form sets one.
    if not user.has_usable_password():
        return
    browser = KnownBrowser(f"of {user.pk}", (user.pk,))
    try:
        # The same check as signing in, so that guesses count toward its limit. All
        # signed-in browsers of the user have one count.
        check_sign_in(
            user.username,
            old,
            address=client_address(request),
            browser=browser,
            now=now_ms(),
        )
    except InvalidValue as error:
        raise InvalidValue(_("The current password is wrong."), field="old") from error


@access(PUBLIC)
@require_POST
def set_theme(request: StudioRequest) -> HttpResponse:
    """Set the theme from the corner of a page; for visitors, in a cookie only."""
    values = ThemeForm(request.POST).check()
    theme = values["theme"]
    if request.actor.user is not None and request.token is None:
        account_actions.set_theme(
            request.actor.user, theme, actor=request.actor, now=now_ms()
        )
    return _redirect_with_cookie(request, values["next"], THEME_COOKIE, theme)


@access(PUBLIC)
@require_POST
def set_language(request: StudioRequest) -> HttpResponse:
    """Set the language of the pages: of the account, and of this browser."""
    values = LanguageForm(request.POST).check()
    language = values["language"]
    if request.actor.user is not None and request.token is None:
        user = request.actor.user
        account_actions.set_language(user, language, actor=request.actor, now=now_ms())
    name = settings.LANGUAGE_COOKIE_NAME
    return _redirect_with_cookie(request, values["next"], name, language)


def _redirect_with_cookie(
    request: StudioRequest, target: str, name: str, value: str
) -> HttpResponse:
    """Go back to the page, and keep the choice in a cookie for a year."""
    response = redirect(safe_redirect_target(target) or "/")
    # A cookie, because pages such as the sign-in form have no account to ask.
    response.set_cookie(
        name,
        value,
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="Lax",
        # Without HTTPS, browsers would drop a secure cookie.
        secure=request.is_secure(),
    )
    return response


@access(BROWSER_ONLY)
@require_POST
def add_token(request: StudioRequest) -> HttpResponse:
    """Answer with the page that shows the secret: no other page can show it."""
    user = signed_in_user(request)
    form = TokenForm(request.POST)
    try:
        values = form.check()
        token, secret = create_token(
            user,
            _find_membership(user, values["workspace"]).workspace,
            values["name"],
            role_cap=values["role_cap"],
            days=values["days"],
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        return show_account(request, refused=(form, error), token_form=form)
    return show_account(request, new_token=token, secret=secret)


def _find_membership(user: User, workspace: str) -> Member:
    members = user.memberships.select_related("workspace")
    found = members.filter(workspace__name=workspace).first()
    if found is None:
        raise NotFound(_("You are not a member of this workspace."))
    return found


@access(BROWSER_ONLY)
@require_POST
def revoke_own_token(request: StudioRequest, number: int) -> HttpResponse:
    # Tokens of others are not found, so that their numbers reveal nothing.
    token = get_object_or_404(ApiToken, pk=number, user=signed_in_user(request))
    revoke_token(token, actor=request.actor, now=now_ms())
    messages.success(request, _("Token “%s” revoked.") % token.name)
    return redirect("account")


@access(BROWSER_ONLY)
@require_POST
def end_one_session(request: StudioRequest, number: str) -> HttpResponse:
    """End a session, named by its public ID: its key works like a password."""
    user = signed_in_user(request)
    # The public ID is computed from the key, so the database can't search for it.
    for session in user.sessions.all():
        if session.public_id == number:
            account_actions.end_session(
                user, session.session_key, actor=request.actor, now=now_ms()
            )
            messages.success(request, _("Session ended."))
            return redirect("account")
    raise NotFound(_("No such session."))


@access(BROWSER_ONLY)
@require_POST
def end_all_other_sessions(request: StudioRequest) -> HttpResponse:
    key = str(request.session.session_key)
    account_actions.end_other_sessions(
        signed_in_user(request), key, actor=request.actor, now=now_ms()
    )
    messages.success(request, _("Your other sessions were ended."))
    return redirect("account")
