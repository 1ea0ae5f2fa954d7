"""Every part of the design system on one page, for developers of new pages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import SIGNED_IN, access
from runs.render.icons import icon_paths
from studio.core.statuses import RunStatus


@access(SIGNED_IN)
@require_safe
def show_styleguide(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "site/styleguide.html",
        {
            "colors": _declared_names(r"^\.c-([\w-]+)", "css/site/styleguide.css"),
            "icons": [name for name in icon_paths() if not name.startswith("g-")],
            "statuses": list(RunStatus),
            "numbers": [0.8137, 1284, 4.2e-5, float("nan"), float("-inf"), 18.42],
            "durations": [400, 41_000, 125_000, 1_080_000, 5_238_000, 183_600_000],
            "sizes": [0, 812, 3_100, 418_000, 97_800_000],
        },
    )


@cache
def _declared_names(pattern: str, path: str) -> list[str]:
    """Return the names that a static file declares, so that the page shows them all."""
    source = Path(str(finders.find(path))).read_text(encoding="utf-8")
    return re.findall(pattern, source, re.MULTILINE)
