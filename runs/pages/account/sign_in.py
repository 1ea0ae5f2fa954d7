"""Signing in and out: by password, by a one-click link, by an invitation."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from runs.access import PUBLIC, StudioRequest, access
from runs.actions.account import (
    SIGN_IN_MINUTES,
    check_sign_in,
    delete_expired_sessions,
    find_sign_in_link,
    use_sign_in_link,
)
from runs.http import client_address
from runs.models import User, now_ms
from runs.notify import is_mail_configured
from runs.pages.account.forms import PastedSignInLinkForm, SignInForm
from runs.pages.account.known_browsers import known_browser, remember_browser
from studio.core.errors import InvalidValue, StudioError, TooManyRequests

#: Until when the session can set a password without the current one (ms).
RESET_KEY = "can_reset_password_until"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@access(PUBLIC)
# Django then keeps the password out of its error reports.
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: StudioRequest) -> HttpResponse:
    if request.method == "POST":
        return _sign_in_with_password(request)
    target = safe_redirect_target(request.GET.get("next", ""))
    if request.actor.user is not None:
        return redirect(target or "/")
    return _show_sign_in_form(request, SignInForm(initial={"keep": True}), target)


def _sign_in_with_password(request: StudioRequest) -> HttpResponse:
    form = SignInForm(request.POST)
    values = form.check()
    target = safe_redirect_target(values["next"])
    try:
        user = check_sign_in(
            values["name"],
            values["password"],
            address=client_address(request),
            browser=known_browser(request),
            now=now_ms(),
        )
    except (InvalidValue, TooManyRequests) as error:
        return _show_sign_in_form(request, form, target, error)
    return start_session(request, user, target or "/", keep=values["keep"])


def _show_sign_in_form(
    request: StudioRequest,
    form: SignInForm,
    target: str,
    error: StudioError | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "next": target,
        "purpose": _sign_in_purpose_text(target),
        "has_mail": is_mail_configured(),
    }
    if error is None:
        return render(request, "account/sign_in.html", context)
    form.show_error(error)
    response = render(request, "account/sign_in.html", context, status=error.status)
    return tell_when_to_retry(response, error)


def tell_when_to_retry(response: HttpResponse, error: StudioError) -> HttpResponse:
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


def _sign_in_purpose_text(target: str) -> str:
    """Name the page that the visitor wanted, without checking that it exists."""
    try:
        name = resolve(target.partition("?")[0]).url_name or ""
    except Resolver404:
        name = ""
    if name == "run" or (name.startswith("run-") and name != "run-list"):
        return _("to see the run that was shared with you")
    if name == "invitation":
        return _("to accept the invitation")
    return _("to see your runs")


def safe_redirect_target(target: str) -> str:
    """Return `target` if it is a path of this server, else an empty text."""
    own = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    # A relative path would lead below the sign-in page.
    return target if own and target.startswith("/") else ""


def start_session(
    request: StudioRequest,
    user: User,
    target: str,
    *,
    keep: bool,
    can_reset: bool = False,
) -> HttpResponse:
    """Start a session of `user` under a new key, and go to `target`.

    With `can_reset` they can set a password without the current one, for a while.
    """
    # Django never deletes them itself, and signing in is rare enough to do it.
    delete_expired_sessions(now=now_ms())
    # The backend is named, because links and invitations sign in without a password
    # check.
    login(request, user, backend=BACKEND)
    # The account page shows both, so that users recognize their sessions.
    request.session["address"] = client_address(request)
    request.session["agent"] = request.headers.get("User-Agent", "")
    if can_reset:
        request.session[RESET_KEY] = now_ms() + SIGN_IN_MINUTES * 60_000
    # 0 ends the session when the browser is closed.
    request.session.set_expiry(settings.SESSION_COOKIE_AGE if keep else 0)
    response = redirect(target)
    remember_browser(request, response, user)
    return response


@access(PUBLIC)
@require_POST
def sign_out_page(request: StudioRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link_page(request: StudioRequest, secret: str) -> HttpResponse:
    """Show who the link signs in; only POST uses it, since mail scanners open links."""
    if request.method == "POST":
        user = use_sign_in_link(secret, now=now_ms())
        target = safe_redirect_target(request.GET.get("next", "")) or "/"
        return start_session(request, user, target, keep=True, can_reset=True)
    link = find_sign_in_link(secret, now=now_ms())
    return render(request, "account/sign_in_link.html", {"person": link.user})


@access(PUBLIC)
@require_POST
def open_pasted_sign_in_link(request: StudioRequest) -> HttpResponse:
    """Open a pasted sign-in link, with any host name in it."""
    pasted = PastedSignInLinkForm(request.POST).check()["link"]
    # Only the secret counts: the host can differ behind a proxy.
    secret = pasted.partition("?")[0].rstrip("/").rpartition("/")[2]
    if not secret:
        return redirect("sign-in")
    return redirect(reverse("sign-in-link", args=[secret]))
