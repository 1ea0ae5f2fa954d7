"""Where a form came from, so that it can lead back there."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def safe_path(request: HttpRequest, address: str | None = None) -> str:
    """The form's `next` (or `address`) if it is a page of this server, else empty."""
    asked = request.POST.get("next", "") if address is None else address
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}) else ""
