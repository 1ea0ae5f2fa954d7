"""Requests of the operator's own programs, such as Prometheus: no user, no session."""

from __future__ import annotations

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from runs.http import invalid_token, read_secret
from studio.core.errors import NotFound, SignInRequired

#: What proxies add. Behind a proxy on this machine, all callers look local.
_OF_PROXIES = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def check_operator(request: HttpRequest) -> None:
    """Raise SignInRequired or NotFound unless the request is the operator's.

    It needs the token of `STUDIO_METRICS_TOKEN`. Without this setting it must come from
    this machine, and not through a proxy.
    """
    wanted = settings.METRICS_TOKEN
    if not wanted:
        if not _is_local(request):
            raise NotFound(_("This page doesn't exist."))
        return
    header = request.headers.get("Authorization")
    if header is None:
        raise SignInRequired(
            _("Send the token of STUDIO_METRICS_TOKEN as Authorization: Bearer TOKEN.")
        )
    given = read_secret(header).encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(given, wanted.encode()):
        raise invalid_token()


def _is_local(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _OF_PROXIES):
        return False
    host = request.get_host()
    if host.rpartition(":")[0] in _LOCAL_HOSTS or host in _LOCAL_HOSTS:
        address = ipaddress.ip_address(request.META["REMOTE_ADDR"])
        return address.is_loopback
    return False
