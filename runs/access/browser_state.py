"""What Django keeps for browsers: session, language and messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware

from runs.access.permissions import is_api_path

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class BrowserState:
    """Django's middleware for browsers, which requests of scripts do without.

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
        if "HTTP_AUTHORIZATION" in request.META and is_api_path(request):
            return self.get_response(request)
        response: HttpResponseBase = self.get_response_with_state(request)
        return response
