"""Help: how to log, the filter language from its own catalogue, the keys."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access.rules import SIGNED_IN, access
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
    origin = f"{request.scheme}://{request.get_host()}"
    context = {
        "fields": CATALOGUE,
        "examples": EXAMPLES,
        "origin": origin,
    }
    return render(request, "help.html", context)
