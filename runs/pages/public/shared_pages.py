"""What a public link shows: one view or one run, read-only.

The page is complete: it loads nothing but the images in a run's description, has no
links into the workspace, and doesn't sign anyone in. So the secret opens this address
and those below it, and nothing else.
"""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import PUBLIC, StudioRequest, access
from runs.actions.public import find_share_link
from runs.models import now_ms
from runs.pages.public.shared_run import description_images, shared_run_context
from runs.pages.public.shared_view import shared_view_context
from runs.pages.requests import send_file, sent_file
from studio.core.errors import NotFound

Response = TypeVar("Response", bound=HttpResponseBase)


@access(PUBLIC)
@require_safe
def shared_page(request: StudioRequest, secret: str) -> HttpResponse:
    link = find_share_link(secret, now=now_ms())
    if link.view is not None:
        # Visitors can only page through the view; other parameters would show more than
        # it.
        cursors = {name: request.GET.get(name, "") for name in ("after", "before")}
        context = shared_view_context(link, link.view, cursors)
    else:
        assert link.run is not None
        context = shared_run_context(link, link.run)
    # Hides the navigation of a signed-in user.
    context |= {"link": link, "workspace": None}
    response = render(request, "public/shared.html", context)
    # A revoked link must not stay readable from a cache.
    response["Cache-Control"] = "private, no-store"
    return with_privacy_headers(response)


@access(PUBLIC)
@require_safe
def shared_picture(request: StudioRequest, secret: str, path: str) -> HttpResponseBase:
    """Send an image that the description of the shared run shows, and no other file."""
    link = find_share_link(secret, now=now_ms())
    file = (
        # The description is read for each image: removing an image there also unshares
        # it.
        description_images(link, link.run).get(path) if link.run is not None else None
    )
    if file is None:
        raise NotFound(_("This link has no such image."))
    return with_privacy_headers(send_file(request, sent_file(file)))


def with_privacy_headers(response: Response) -> Response:
    """Keep search engines out, and do not send the secret to other sites."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
