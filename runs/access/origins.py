"""Check Host and Origin on every path of every protocol, before anything else.

A page of another site can make a browser send requests to a server on localhost. With
DNS rebinding it can even read the responses. Programs send neither Origin nor
Sec-Fetch-Site.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.translation import gettext as _

from studio.core.errors import InvalidRequest, PermissionDenied

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


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
