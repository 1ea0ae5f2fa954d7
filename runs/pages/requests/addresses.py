"""The prefixes of addresses, and the page that a form returns to."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

WORKSPACE_URL = "w/<str:workspace>/"
EXPERIMENT_URL = f"{WORKSPACE_URL}experiments/<str:slug>/"
RUN_URL = f"{WORKSPACE_URL}runs/<str:run_id>/"


def safe_return_path(request: HttpRequest, address: str | None = None) -> str:
    """The form's `next` (or `address`) if it is a page of this server, else empty."""
    path = request.POST.get("next", "") if address is None else address
    # A link from elsewhere must not lead a member to another server.
    return path if url_has_allowed_host_and_scheme(path, {request.get_host()}) else ""
