"""Help: its index, its pages from `docs/user/`, their search and pictures."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import SIGNED_IN, access, public_origin
from runs.render.help import heading_id, render_help_page
from runs.search.help import find_sections, read_contents, read_page
from studio import __version__
from studio.core.connection import is_loopback
from studio.core.errors import NotFound
from studio.core.filters.fields import CATALOG

EXAMPLES = (
    "metrics.acc > 0.9 and params.lr = '0.01'",
    'tags.quality = "fantastic run" or not status in (Failed, Canceled)',
    "status:failed|canceled tag:baseline -tag:flaky",
    "metrics.acc:>0.9 params.lr:0.001..0.01 duration:<2m created:-7d",
    'resnet "worth another look"',
    "children.failed > 0",
    "parent is null",
)
#: What the documentation writes for the server's own address.
EXAMPLE_ORIGIN = "https://studio.example.org"
EXAMPLE_WHEEL = "run_studio-VERSION-py3"
MAX_SEARCH_LENGTH = 200
_PICTURE = re.compile(r"[\w-]+\.(?:png|svg)")


@access(SIGNED_IN)
@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """Show the contents, or what a search for `find` found in the pages."""
    origin = public_origin(request)
    language = get_language() or "en"
    text = request.GET.get("find", "")[:MAX_SEARCH_LENGTH].strip()
    context = {
        "contents": read_contents(language),
        "find": text,
        "found": [
            (each, heading_id(each.heading)) for each in find_sections(text, language)
        ],
        "fields": CATALOG,
        "examples": EXAMPLES,
        "origin": origin,
        "is_here_only": is_loopback(urlsplit(origin).hostname or ""),
        # The server offers its own client, so that both have the same version.
        "wheel": f"{origin}/dist/run_studio-{__version__}-py3-none-any.whl",
    }
    return render(request, "help/help.html", context)


@access(SIGNED_IN)
@require_safe
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one page of the documentation, with the examples of this server."""
    language = get_language() or "en"
    values = {
        # Commands of the documentation can then be copied without changes.
        EXAMPLE_ORIGIN: public_origin(request),
        EXAMPLE_WHEEL: f"run_studio-{__version__}-py3",
    }
    text = read_page(slug, language)
    contents = read_contents(language)
    entries = [entry for section in contents for entry in section.entries]
    place = [entry.slug for entry in entries].index(slug)
    context = {
        "contents": contents,
        "slug": slug,
        "page": render_help_page(text, values, reverse("help")),
        "previous": entries[place - 1] if place else None,
        "next": entries[place + 1] if place + 1 < len(entries) else None,
    }
    return render(request, "help/help_page.html", context)


@access(SIGNED_IN)
@require_safe
def help_picture(_request: HttpRequest, name: str) -> HttpResponseBase:
    """Send a picture of the documentation."""
    path = Path(settings.HELP_DIR) / "pictures" / name
    # The pattern has no slash, so a name can't leave the folder.
    if not _PICTURE.fullmatch(name) or not path.is_file():
        raise NotFound(_("No such image."))
    return FileResponse(path.open("rb"))
