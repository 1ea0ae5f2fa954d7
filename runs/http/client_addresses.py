"""The network address that a request comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the caller's address, for rate limits and the list of sessions."""
    return client_address_from_environ(request.META)


def client_address_from_environ(environ: Mapping[str, Any]) -> str:
    """Return the caller's address from a request's WSGI environment.

    Only the last address that a proxy on this machine adds is trusted. The caller may
    have sent the rest of the header.
    """
    peer = str(environ.get("REMOTE_ADDR", ""))
    forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
    if forwarded and _is_loopback(peer):
        return forwarded.rsplit(",", 1)[-1].strip()[:64]
    return peer[:64]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == ""
