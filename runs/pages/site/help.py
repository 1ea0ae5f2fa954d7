"""Help: how to log, the filter language from its own catalogue, the keys."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access.origins import public_origin
from runs.access.rules import SIGNED_IN, access
from studio import __version__
from studio.core.connection import is_loopback
from studio.core.filters.fields import CATALOGUE

EXAMPLES = (
    "metrics.acc > 0.9 and params.lr = '0.01'",
    'tags.quality = "fantastic run" or not status in (Failed, Canceled)',
    "status:failed|canceled tag:baseline -tag:flaky",
    "metrics.acc:>0.9 params.lr:0.001..0.01 duration:<2m created:-7d",
    'resnet "worth another look"',
    "children.failed > 0",
    "parent is null",
)


@access(SIGNED_IN)
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    origin = public_origin(request)
    context = {
        "fields": CATALOGUE,
        "examples": EXAMPLES,
        "origin": origin,
        "is_here_only": is_loopback(urlsplit(origin).hostname or ""),
        "wheel": f"{origin}/dist/run_studio-{__version__}-py3-none-any.whl",
    }
    return render(request, "site/help.html", context)
