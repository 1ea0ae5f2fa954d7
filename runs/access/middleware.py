"""The middleware for all protocols: security headers, host, origin, caller, permission.

A page of another site can make a browser send requests to a server on localhost. With
DNS rebinding it can even read the responses. Programs send neither Origin nor
Sec-Fetch-Site.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
import zoneinfo
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from runs.access import permissions
from runs.access.error_responses import (
    declared_renderer,
    error_response,
    render_error_page,
)
from runs.access.operator_requests import check_operator
from runs.access.permissions import (
    OPERATOR,
    PUBLIC,
    SAFE_METHODS,
    AccessDeclaration,
    Caller,
    Permission,
    change_way,
    identify_caller,
)
from runs.access.token_scopes import check_token_scope
from runs.actions.actor import Actor
from runs.http import (
    AUTHORIZE_ONLY,
    BODY_LIMIT,
    KNOWN_CALLER,
    REFUSAL,
    REQUEST_ID_HEADER,
    as_studio_error,
    client_address,
    request_id,
)
from studio.core.errors import (
    InvalidRequest,
    PermissionDenied,
    SignInRequired,
    StudioError,
)

log = logging.getLogger("studio.requests")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

#: No inline scripts or styles, nothing from other sites, no frames.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'"
)
#: For files that users uploaded: no scripts, no forms, and an origin of their own.
SANDBOX_POLICY = (
    "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "media-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
#: For documents that a viewer of the browser opens, outside of this origin.
DOCUMENT_POLICY = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
DEFAULT_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), "
        "usb=()"
    ),
    "X-Frame-Options": "DENY",
}


class SecurityHeaders:
    """The outermost middleware, so errors and static files get the headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent, started = request.headers.get(REQUEST_ID_HEADER, ""), time.monotonic()
        chosen = sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
        request_id.set(chosen)
        response = self.get_response(request)
        response.headers[REQUEST_ID_HEADER] = chosen
        for name, value in DEFAULT_HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.LOG_REQUESTS and AUTHORIZE_ONLY not in request.META:
            log_request(request, response, time.monotonic() - started)
        return response


def log_request(request: Any, response: HttpResponseBase, seconds: float) -> None:
    """Write a line about the request: its route, since paths can hold secrets."""
    match = request.resolver_match
    route = match.route if match else "unknown"
    actor: Actor | None = getattr(request, "actor", None)
    user = "" if actor is None or actor.user is None else actor.user.username
    milliseconds = round(seconds * 1000, 1)
    facts = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "milliseconds": milliseconds,
        "user": user,
        "address": client_address(request),
    }
    text = "%s /%s: %s in %s ms"
    values = (request.method, route, response.status_code, milliseconds)
    log.info(text, *values, extra={"facts": facts})


def isolate_document(response: HttpResponseBase) -> HttpResponseBase:
    """Let the browser's own viewer open a PDF, which no viewer does in a sandbox.

    If it is read as HTML all the same, it can load and run nothing.
    """
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def sandbox_response(response: HttpResponseBase) -> HttpResponseBase:
    """Let a run's file be shown inline without scripts, framed only by our pages."""
    response.headers["Content-Security-Policy"] = SANDBOX_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def check_host(request: HttpRequest) -> None:
    """Raise InvalidRequest unless the Host header names this server."""
    try:
        request.get_host()
    except DisallowedHost as error:
        raise InvalidRequest(
            _(
                "This server is not configured for that host name. Its operator "
                "can add it to STUDIO_ALLOWED_HOSTS."
            )
        ) from error


def check_origin(request: HttpRequest) -> None:
    """Raise PermissionDenied if a page of another site sent this writing request."""
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    if origin is not None:
        if not is_own_origin(request, origin):
            raise PermissionDenied(
                _(
                    "This request was refused because it comes from another site: "
                    "%(origin)s."
                )
                % {"origin": origin[:200]}
            )
        return
    # Without Origin, browsers still send this header.
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise PermissionDenied(
            _("This request was refused because it comes from another site.")
        )


def public_origin(request: HttpRequest) -> str:
    """Return the server's public address: STUDIO_ORIGIN, or the one of this request."""
    requested: str = request.build_absolute_uri("/").rstrip("/")
    return settings.STUDIO_ORIGIN or requested


def is_own_origin(request: HttpRequest, origin: str) -> bool:
    """Return whether an Origin header names this server."""
    own = {f"{request.scheme}://{request.get_host()}".lower()}
    if settings.STUDIO_ORIGIN:
        parts = urlsplit(settings.STUDIO_ORIGIN)
        own.add(f"{parts.scheme}://{parts.netloc}".lower())
    return origin.lower() in own


GetResponse = Callable[[HttpRequest], HttpResponseBase]


class HostAndOriginChecks:
    """Check Host and Origin of every request, static files and unknown paths too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        set_caller(request, Caller())
        # The thread still has the language of the request that it answered before.
        translation.activate(translation.get_language_from_request(request))
        try:
            raise_web_server_error(request)
            check_host(request)
            check_origin(request)
        except StudioError as error:
            return error_response(request, error)
        return self.get_response(request)


class BrowserState:
    """Django's session, language and messages, which requests of scripts do without.

    With an Authorization header only the header counts, so an API call needs no
    session. Its language was set by `HostAndOriginChecks`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        # The outermost comes last. None of them has hooks for views or exceptions.
        with_messages: Any = MessageMiddleware(get_response)
        with_language: Any = LocaleMiddleware(with_messages)
        self.get_response_with_state: Any = SessionMiddleware(with_language)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_AUTHORIZATION" in request.META and permissions.is_api_path(request):
            return self.get_response(request)
        response: HttpResponseBase = self.get_response_with_state(request)
        return response


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
        # The response depends on the caller, so no cache may give it to another one.
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
        request.META[BODY_LIMIT] = permissions.body_limit_for_caller(request, view)
        return HttpResponse()

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        error = as_studio_error(exception)
        return error_response(request, error) if error else None


def raise_web_server_error(request: HttpRequest) -> None:
    """Raise the error that the web server found, before any other check."""
    error = request.META.get(REFUSAL)
    if error is not None:
        raise error


def set_caller(request: Any, caller: Caller) -> None:
    request.user = caller.user or AnonymousUser()
    request.token = caller.token
    request.actor = Actor(caller.user, caller.token, change_way(request, caller))
    request.workspace = request.member = request.role = None
    request.tree, request.is_limited_to_tree = None, False


MAX_ZONE_LENGTH = 64
#: The browser's time zone, which a script of every page keeps in this cookie.
ZONE_COOKIE = "zone"


def activate_choices(request: HttpRequest, caller: Caller) -> None:
    """Use the account's time zone, and in a browser its language.

    An account without a time zone, and visitors, have that of their browser.
    """
    user = caller.user
    if caller.token is None:
        browser_zone = request.COOKIES.get(ZONE_COOKIE, "")
        activate_time_zone((user and user.time_zone) or browser_zone)
    elif user is not None:
        activate_time_zone(user.time_zone)
    # Scripts get the language of their `Accept-Language`.
    if user and caller.token is None and user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)


def activate_time_zone(name: str) -> None:
    if not name or len(name) > MAX_ZONE_LENGTH:
        return
    try:
        timezone.activate(zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # This machine does not know the time zone, so times are shown in UTC.
        return


def authorize(request: Any, view: Any, kwargs: dict[str, Any]) -> None:
    """Authorize the request for its view, or raise why not."""
    declared = permissions.declared_access(request, view)
    # Before any query: a body that is too large should cost nothing.
    permissions.check_body_size(request, permissions.body_limit(declared))
    request.META[KNOWN_CALLER] = ""
    if declared.need == OPERATOR:
        check_operator(request)
        set_caller(request, Caller())
        return
    caller = identify_caller(request)
    set_caller(request, caller)
    activate_choices(request, caller)
    if caller.user is not None:
        request.META[KNOWN_CALLER] = "token" if caller.token else "session"
    if permissions.has_token_scope(declared, caller.token):
        check_token_scope(request, declared)
    if declared.need == PUBLIC:
        if declared.check_address is not None:
            declared.check_address(request, kwargs)
        elif caller.user is None:
            permissions.check_body_size(request, permissions.MAX_ANONYMOUS_BODY_BYTES)
        kwargs.pop("workspace", None)
        return
    user = permissions.require_signed_in_user(request, declared, caller)
    name = kwargs.pop("workspace", None)
    if not isinstance(declared.need, Permission) and name is None:
        return
    request.member = permissions.find_membership(caller, name)
    request.workspace = request.member.workspace
    request.role = permissions.effective_role(request.member, caller)
    if isinstance(declared.need, Permission):
        permissions.check_role(declared.need, request.role, request.member)
    if is_page_visit_of_member(request, declared, caller):
        permissions.remember_workspace(user, request.workspace)


def is_page_visit_of_member(
    request: HttpRequest, declared: AccessDeclaration, caller: Caller
) -> bool:
    return caller.token is None and declared.errors is None and request.method == "GET"


def refusal_response(request: Any, error: Exception) -> HttpResponseBase:
    known = as_studio_error(error)
    if known is None:
        raise error
    is_visit = declared_renderer(request) is render_error_page and not request.htmx
    # A program would follow the redirect and take the sign-in page for its answer.
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
