"""The answer to an address without a view, which no middleware has authorized."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import is_valid_path
from django.utils.translation import gettext as _

from runs.access.error_responses import (
    error_response,
    render_error_page,
    renderer_for_path,
)
from runs.access.middleware import activate_choices, set_caller
from runs.access.permissions import identify_caller
from studio.core.errors import NotFound, StudioError


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, StudioError):
        return error_response(request, exception)
    # Only GET: a redirected form would lose its content.
    if request.method == "GET" and _is_page_without_slash(request):
        return redirect(request.get_full_path(force_append_slash=True))
    if renderer_for_path(request) is render_error_page:
        _recognize_visitor(request)
    return error_response(request, NotFound(_("This page doesn't exist.")))


def _is_page_without_slash(request: HttpRequest) -> bool:
    path = request.path_info
    is_page = renderer_for_path(request) is render_error_page and not path.endswith("/")
    return is_page and bool(is_valid_path(f"{path}/"))


def _recognize_visitor(request: HttpRequest) -> None:
    """Find out who is signed in: the page has their navigation and language."""
    if not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        return
    try:
        caller = identify_caller(request)
    except (StudioError, DatabaseError):
        # The page without a navigation needs no database.
        return
    set_caller(request, caller)
    activate_choices(request, caller)
