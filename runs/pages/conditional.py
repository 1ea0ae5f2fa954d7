"""Conditional answers: a list that shows nothing new costs a 304."""

from __future__ import annotations

from hashlib import blake2b

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

from runs.pages.members_only import PageRequest
from runs.pages.run_links import Links
from runs.search.find_runs import RunPage
from runs.search.tally import StatusCounts
from studio.core.filters.tree import attribute


def varied(answer: HttpResponse, etag: str = "") -> HttpResponse:
    """One address answers the page and its fragment; neither is kept unasked."""
    patch_vary_headers(answer, ("HX-Request", "Cookie"))
    answer["Cache-Control"] = "private, no-store"
    if etag:
        answer["ETag"] = etag
    return answer


def is_known(request: PageRequest, etag: str) -> bool:
    """Whether the browser has this already; compression makes its tag a weak one."""
    return request.headers.get("If-None-Match", "").removeprefix("W/") == etag


def etag_of(page: RunPage, counts: StatusCounts, links: Links) -> str:
    """Stands for what the rows show, the ticking of durations left out."""
    duration = attribute("duration")
    seen = [
        (
            row.run.pk,
            row.run.revision,
            row.run.status,
            row.run.name,
            row.starred,
            row.children,
            row.tags,
            [(f, v) for f, v in row.values.items() if f != duration],
        )
        for row in page.rows
    ]
    told = repr(
        (links.query(), seen, page.first, page.total, sorted(counts.counts.items()))
    )
    return f'"{blake2b(told.encode(), digest_size=12).hexdigest()}"'
