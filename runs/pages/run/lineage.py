"""The tab *Lineage* of the run page."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.lineage import lineage_context
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)


@access(Permission.READ)
@require_safe
def lineage_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    context = lineage_context(request.workspace, runs=[head.run.pk])
    # Other runs and models change it without changing this run.
    etag = page_etag(request, head, context["lineage"])
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    context["tab_template"] = "lineage/_run_lineage.html"
    return show_run_tab(request, head, "lineage", etag, context)
