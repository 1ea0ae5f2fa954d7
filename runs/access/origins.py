"""Host and Origin: checked on every path of every protocol, before anything else.

A page elsewhere can make a browser send requests to a server on localhost, and by DNS
rebinding even read the answers. Programs send neither Origin nor Sec-Fetch-Site.
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
    """InvalidRequest unless the Host header names this server."""
    try:
        request.get_host()
    except DisallowedHost as error:
        raise InvalidRequest(
            _(
                "This server does not answer to that host name. Its operator allows "
                "names with STUDIO_ALLOWED_HOSTS."
            )
        ) from error


def check_origin(request: HttpRequest) -> None:
    """PermissionDenied if a page of another site sent this writing request."""
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    if origin is not None:
        if not is_own_origin(request, origin):
            raise PermissionDenied(
                _("This request comes from a page of another site: %(origin)s.")
                % {"origin": origin[:200]}
            )
        return
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise PermissionDenied(_("This request comes from a page of another site."))


def public_origin(request: HttpRequest) -> str:
    """Where others reach the server: as its operator says, or as it was asked here."""
    asked: str = request.build_absolute_uri("/").rstrip("/")
    return settings.STUDIO_ORIGIN or asked


def is_own_origin(request: HttpRequest, origin: str) -> bool:
    """Whether an Origin header means this server, as asked or as people type it."""
    own = {f"{request.scheme}://{request.get_host()}".lower()}
    if settings.STUDIO_ORIGIN:
        parts = urlsplit(settings.STUDIO_ORIGIN)
        own.add(f"{parts.scheme}://{parts.netloc}".lower())
    return origin.lower() in own
