"""Every run that a retention rule would delete now, or the files of."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.requests import CountField, PageForm, PageRequest
from runs.pages.retention.retention_card import WHAT_LABELS, plan_context, read_rule

RUNS_PER_PAGE = 100


class PageNumber(PageForm):
    page = CountField(max_digits=9)


@access(Permission.RETENTION)
@require_safe
def dry_run_page(request: PageRequest) -> HttpResponseBase:
    text = read_rule(request.GET)
    page = max(PageNumber(request.GET).check()["page"] or 1, 1)
    start = (page - 1) * RUNS_PER_PAGE
    found = plan_context(request, text, RUNS_PER_PAGE, start)
    more = len(found["plan"].runs) > start + RUNS_PER_PAGE
    context = {
        **found,
        "rule_text": text,
        "what": WHAT_LABELS[text.what],
        "earlier": page - 1,
        "later": page + 1 if more else 0,
    }
    return render(request, "retention/dry_run.html", context)
