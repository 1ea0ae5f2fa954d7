"""Completion of the search box: fields, operators, and values with their counts.

The text before the caret says what is asked for; what is counted are the runs that the
rest of the filter matches.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.filters.completion_options import Completion
from runs.pages.requests import PageRequest, with_vary_headers
from studio.core.filters.completion import NOTHING, completion_context


@access(Permission.READ)
@require_safe
def complete_filter(request: PageRequest) -> HttpResponse:
    """The options for `text` at the place `at`, as a fragment."""
    text = request.GET.get("text", "")[:20_000]
    at = request.GET.get("at", "")
    place = int(at[:6]) if at.isascii() and at.isdigit() else len(text)
    asked = completion_context(text, place)
    context: dict[str, Any] = {"groups": [], "exact": True}
    if asked.what != NOTHING:
        groups, exact = Completion(request, asked).groups()
        context = {"groups": [g for g in groups if g.options], "exact": exact}
    return with_vary_headers(
        render(request, "filters/_filter_completion.html", context)
    )
