"""The middleware for all protocols: host and origin, caller, permission."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode

from runs.access import authorization
from runs.access.authentication import Caller, identify_caller
from runs.access.error_responses import (
    declared_renderer,
    error_response,
    render_error_page,
)
from runs.access.origins import SAFE_METHODS, check_host, check_origin
from runs.access.permissions import PUBLIC, Access, Permission
from runs.actions.actor import Actor
from runs.http import AUTHORIZE_ONLY, BODY_LIMIT, KNOWN_CALLER, REFUSAL, as_studio_error
from runs.models import User
from studio.core.errors import SignInRequired, StudioError

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class Origins:
    """Check Host and Origin of every request, static files and unknown paths too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        set_caller(request, Caller())
        try:
            raise_front_error(request)
            check_host(request)
            check_origin(request)
        except StudioError as error:
            return error_response(request, error)
        return self.get_response(request)


class AccessControl:
    """Identify the caller, find the workspace, and authorize or refuse the request.

    Runs after the session and before the CSRF check. So callers without a session read
    that they must sign in, not that a form's token is missing.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        response.headers.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ["Cookie", "Authorization"])
        return response

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        try:
            authorize(request, view, kwargs)
        except (StudioError, DatabaseError, OSError) as error:
            return refusal_response(request, error)
        if AUTHORIZE_ONLY not in request.META:
            return None
        # The view runs later, once the server has received the body.
        request.META[BODY_LIMIT] = authorization.body_limit_for_caller(request, view)
        return HttpResponse()

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        error = as_studio_error(exception)
        return error_response(request, error) if error else None


def raise_front_error(request: HttpRequest) -> None:
    """Raise the error that the web server found, before any other check."""
    error = request.META.get(REFUSAL)
    if error is not None:
        raise error


def set_caller(request: Any, caller: Caller) -> None:
    request.user = caller.user or AnonymousUser()
    request.token = caller.token
    request.actor = Actor(caller.user, caller.token)
    request.workspace = request.member = request.role = None


def authorize(request: Any, view: Any, kwargs: dict[str, Any]) -> None:
    """Authorize the request for its view, or raise why not."""
    declared = authorization.declared_access(request, view)
    authorization.check_body_size(request, authorization.body_limit(declared))
    request.META[KNOWN_CALLER] = ""
    caller = identify_caller(request)
    set_caller(request, caller)
    if caller.user is not None:
        request.META[KNOWN_CALLER] = "token" if caller.token else "session"
        activate_time_zone(caller.user)
        if caller.token is None:
            activate_language(caller.user)
    if declared.need == PUBLIC:
        if caller.user is None:
            authorization.check_body_size(
                request, authorization.MAX_ANONYMOUS_BODY_BYTES
            )
        kwargs.pop("workspace", None)
        return
    user = authorization.require_signed_in_user(request, declared, caller)
    name = kwargs.pop("workspace", None)
    if not isinstance(declared.need, Permission) and name is None:
        return
    request.member = authorization.find_membership(caller, name)
    request.workspace = request.member.workspace
    request.role = authorization.effective_role(request.member, caller)
    if isinstance(declared.need, Permission):
        authorization.check_role(declared.need, request.role)
    if is_page_visit(request, declared, caller):
        authorization.remember_workspace(user, request.workspace)


def is_page_visit(request: HttpRequest, declared: Access, caller: Caller) -> bool:
    return caller.token is None and declared.errors is None and request.method == "GET"


def activate_time_zone(user: User) -> None:
    if not user.time_zone:
        return
    try:
        timezone.activate(zoneinfo.ZoneInfo(user.time_zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # This machine no longer knows the time zone, so times are shown in UTC.
        return


def activate_language(user: User) -> None:
    """Prefer the account's language; scripts get that of their `Accept-Language`."""
    if user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)


def refusal_response(request: Any, error: Exception) -> HttpResponseBase:
    known = as_studio_error(error)
    if known is None:
        raise error
    is_visit = declared_renderer(request) is render_error_page and not request.htmx
    has_token = "Authorization" in request.headers
    if is_visit and isinstance(known, SignInRequired) and not has_token:
        return redirect_to_sign_in(request)
    return error_response(request, known)


def redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page and back afterwards; forms are not sent again."""
    address = reverse("sign-in")
    if request.method in SAFE_METHODS and request.get_full_path() != "/":
        address += "?" + urlencode({"next": request.get_full_path()})
    return redirect(address)


class BrowserCsrf(CsrfViewMiddleware):
    """The CSRF check, for all requests without a token.

    A token comes in a header, which pages of other sites cannot add.
    """

    def process_view(
        self, request: Any, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> Any:
        if request.token is not None:
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)
