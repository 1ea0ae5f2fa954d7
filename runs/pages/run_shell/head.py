"""The head of the run page: title, toolbar and tabs; and conditional responses."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language
from django.utils.translation import gettext as _

import studio
from runs.access import Permission
from runs.models import Run, now_ms
from runs.pages.requests import PageRequest
from runs.pages.run_shell.allowed_actions import (
    find_action_refusals,
    lock_note,
    role_refusal,
)
from runs.render.formats import experiment_path, run_path
from runs.search.media import count_media_names
from runs.search.run import RunHead, find_run
from studio.core.filters import to_text
from studio.core.filters.tree import Comparison, Text, attribute
from studio.core.names import SERIES_COLORS
from studio.core.statuses import RunStatus

#: Seconds between polls of a running run without a target.
REFRESH_SECONDS = 3
#: And of one on a target, or that waits, is prepared or ends. With hundreds of jobs an
#: agent reads its engine's queue up to 4 s after a change, and both together must not
#: take more than 6 s.
JOB_REFRESH_SECONDS = 2
#: Tabs show the number of media of runs that have at most this many files.
MAX_COUNTED_FILES = 2000


@dataclass(frozen=True)
class PageTab:
    name: str
    label: str
    href: str
    count: int | None = None


def find_run_head(request: PageRequest, run_id: str) -> RunHead:
    return find_run(request.workspace, request.actor.user, run_id)


def page_tabs(head: RunHead, path: str, media: int | None = None) -> list[PageTab]:
    """Return the tabs; `media` is the number of media, if the page knows it already."""
    if media is None and head.own_files <= MAX_COUNTED_FILES:
        media = count_media_names(head.run, head.own_files) + head.tables
    # Most runs of scripts that don't use MLflow have none.
    lineage = [PageTab("lineage", _("Lineage"), f"{path}lineage/")]
    lineage = lineage if head.has_lineage else []
    return [
        PageTab("details", _("Details"), path),
        PageTab("metrics", _("Metrics"), f"{path}metrics/", head.metrics),
        PageTab("media", _("Media"), f"{path}media/", media),
        PageTab("children", _("Child runs"), f"{path}children/", head.children),
        PageTab("files", _("Outputs + logs"), f"{path}files/", head.files),
        PageTab("snapshot", _("Snapshot"), f"{path}snapshot/"),
        *lineage,
        PageTab("comments", _("Comments"), f"{path}comments/", head.comments),
        PageTab("history", _("History"), f"{path}history/"),
    ]


def page_etag(request: PageRequest, head: RunHead, *more: object) -> str:
    """Return the ETag of all that the page shows, except running durations.

    `more` is what the open tab also depends on.
    """
    run = head.run
    seen = (
        # A new version can render the same data differently.
        studio.__version__,
        # The query string chooses what a tab shows.
        request.get_full_path(),
        *(run.pk, run.revision, run.status, run.experiment.name, head),
        # Renaming the parent doesn't change this run's revision.
        run.parent and run.parent.name,
        _cancel_seconds(run),
        *(request.role, get_language(), get_current_timezone_name(), *more),
    )
    return f'"{blake2b(repr(seen).encode(), digest_size=12).hexdigest()}"'


def _cancel_seconds(run: Run) -> int:
    """While a cancel is awaited, the time alone changes what the page shows."""
    return now_ms() // 1000 if run.state is RunStatus.CANCEL_REQUESTED else 0


def is_page_unchanged(request: PageRequest, etag: str) -> bool:
    """Whether the page's script polls and nothing has changed."""
    # Browsers must not get 304 for a page: they don't store it.
    return bool(request.htmx) and request.headers.get("If-None-Match") == etag


def page_not_modified(etag: str) -> HttpResponse:
    return with_page_etag(HttpResponse(status=304), etag)


def with_page_etag(response: HttpResponse, etag: str) -> HttpResponse:
    """Set headers: one address has a page and its fragment, and neither is cached."""
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    response["Cache-Control"] = "private, no-store"
    response["ETag"] = etag
    return response


def show_run_tab(
    request: PageRequest, head: RunHead, tab: str, etag: str, context: dict[str, Any]
) -> HttpResponse:
    """Show the page with this tab open, or its fragment.

    `tab_template` of the context is the tab's template, by default one of the run page.
    """
    template = "run/_run.html" if request.htmx else "run/run.html"
    whole = {
        "tab_template": f"run/_run_{tab}.html",
        **head_context(request, head, context.get("media_count")),
        **context,
        "tab": tab,
        "etag": etag,
    }
    return with_page_etag(render(request, template, whole), etag)


def head_context(
    request: PageRequest, head: RunHead, media: int | None = None
) -> dict[str, Any]:
    run, workspace = head.run, request.workspace
    path = run_path(workspace.name, run.run_id)
    experiment = run.experiment
    can_annotate = not role_refusal(request, Permission.ANNOTATE)
    return {
        "head": head,
        "run": run,
        "state": run.state,
        "length": duration_of(run),
        "path": path,
        "tabs": page_tabs(head, path, media),
        "experiment_href": experiment_path(
            workspace.name, experiment.number, experiment.name
        ),
        "parent_href": run.parent and run_path(workspace.name, run.parent.run_id),
        "star_url": f"{path}star/",
        "can_annotate": can_annotate,
        "colors": range(1, SERIES_COLORS + 1),
        "can_edit": can_annotate and not run.locked,
        "lock_note": lock_note(run),
        "here": request.get_full_path(),
        "link": request.build_absolute_uri(),
        # A run that has ended changes only by hand, so its page stops polling.
        "pace": _refresh_seconds(run),
        "refusals": find_action_refusals(request, head),
        # A new alert rule begins with the runs of the experiment.
        "rule_filter": to_text(
            Comparison(attribute("experiment"), "=", (Text(experiment.name),))
        ),
        "run_list_href": reverse("run-list", args=[workspace.name]),
    }


def _refresh_seconds(run: Run) -> int:
    if not run.state.is_active:
        return 0
    has_job = run.state is not RunStatus.RUNNING or run.target
    return JOB_REFRESH_SECONDS if has_job else REFRESH_SECONDS


def duration_of(run: Run) -> int | None:
    """Return how long the run took, or has been running so far, in ms."""
    if run.started is None:
        return None
    end = run.ended if run.ended is not None else now_ms()
    # Counting on would be wrong for a run that has ended.
    return None if run.state.is_final and run.ended is None else end - run.started
