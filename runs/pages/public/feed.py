"""The newest runs of a view as an Atom feed, by a public link of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from runs.access import PUBLIC, StudioRequest, access, public_origin
from runs.actions.public import find_share_link
from runs.models import Run, now_ms
from runs.pages.public.shared_pages import with_privacy_headers
from runs.render.formats import run_path, status_label
from runs.search.notify import runs_of_view
from runs.search.sql import time_limit

#: Runs of a feed.
MAX_ENTRIES = 50


class _Feed(Atom1Feed):
    """Programs read it, and they take no part in the page's style."""

    content_type = "application/atom+xml; charset=utf-8"


@access(PUBLIC)
@require_safe
def shared_feed(request: StudioRequest, secret: str) -> HttpResponse:
    """Send the newest runs. Their links lead to pages that ask to sign in."""
    now = now_ms()
    link = find_share_link(secret, is_feed=True, now=now)
    view = link.view
    assert view is not None
    with time_limit():
        rows = runs_of_view(view, link.created_by, now).select_related("experiment")
        runs = list(rows.order_by("-pk")[:MAX_ENTRIES])
    origin = public_origin(request)
    # The address of the feed is its secret, so the feed doesn't repeat it.
    feed = _Feed(
        title=f"{view.name} · {link.workspace.name}",
        link=f"{origin}/v/{view.slug}/",
        description="",
        feed_guid=f"urn:run-studio:view:{view.slug}",
    )
    for run in runs:
        _add(feed, run, f"{origin}{run_path(link.workspace.name, run.run_id)}")
    response = HttpResponse(feed.writeString("utf-8"), content_type=_Feed.content_type)
    response["Cache-Control"] = "private, no-store"
    return with_privacy_headers(response)


def _add(feed: _Feed, run: Run, href: str) -> None:
    label = status_label(run.state)
    feed.add_item(
        title=f"{label}: {run.name}",
        link=href,
        description=f"{run.experiment.name} · {run.run_id} · {label}",
        unique_id=f"urn:run-studio:run:{run.pk}",
        pubdate=_time(run.created),
        updateddate=_time(run.ended or run.started or run.created),
    )


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
