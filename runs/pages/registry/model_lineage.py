"""The tab *Lineage*: what the versions came from, and what reads them."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.lineage import lineage_context
from runs.pages.registry.model_shell import find_page_model, show_model_tab
from runs.pages.requests import PageRequest
from runs.search.registry import find_versions, list_version_numbers

#: Versions that the graph starts from: the newest.
MAX_STARTS = 30


@access(Permission.READ)
@require_safe
def model_lineage(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    numbers = list_version_numbers(model)
    versions = find_versions(model, numbers[:MAX_STARTS])
    context = lineage_context(
        request.workspace, versions=[each.pk for each in versions]
    )
    context["lineage_cut"] = MAX_STARTS if len(numbers) > MAX_STARTS else 0
    return show_model_tab(request, model, "lineage", context)
