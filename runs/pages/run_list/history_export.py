"""Full histories of metrics on request: asked for, followed while made, downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, sandbox_response
from runs.actions.run_list import (
    EXPORT_LIFETIME_MS,
    exported_list,
    exports_folder,
    queue_history_export,
)
from runs.models import ExportState, HistoryExport, now_ms
from runs.pages.lists import build_scope, read_part_tolerantly, scope_number
from runs.pages.requests import PageRequest, disposition, with_vary_headers
from runs.render.run_list import require_pyarrow
from studio.core.errors import NotFound
from studio.core.view_spec import ViewSpec

PARQUET = "application/vnd.apache.parquet"
#: Seconds between looks at what is being made.
POLL_SECONDS = 2


@access(Permission.READ)
@require_POST
def request_histories(request: PageRequest) -> HttpResponse:
    """The list is that of the query string; a question that is wrong is refused now."""
    require_pyarrow()
    state = read_part_tolerantly(request)
    scope, spec = state.scope, state.spec
    spec.filter()
    # Of the children of a run, whose they are; the way back leads to their list.
    query = spec.to_query()
    if scope.experiment is None and scope.number:
        query = f"{urlencode({'in': scope.number})}&{query}"
    job = queue_history_export(
        request.workspace,
        request.actor.user,
        query,
        scope_number(scope.experiment),
        now=now_ms(),
    )
    return HttpResponseRedirect(_address(request, job))


@access(Permission.READ)
@require_safe
def show_progress(request: PageRequest, number: int) -> HttpResponse:
    job = _mine(request, number)
    template = (
        "run_list/_history_export.html"
        if request.htmx
        else "run_list/history_export.html"
    )
    return with_vary_headers(render(request, template, _context(request, job)))


@access(Permission.READ)
@require_safe
def download_histories(request: PageRequest, number: int) -> HttpResponseBase:
    job = _mine(request, number)
    path = exports_folder() / Path(job.file).name
    if job.state != ExportState.DONE or not path.is_file():
        raise NotFound(_("This export is not available. It may still be in progress."))
    answer = FileResponse(path.open("rb"), content_type=PARQUET)
    answer["Content-Disposition"] = disposition("histories.parquet", True)
    return sandbox_response(answer)


def _mine(request: PageRequest, number: int) -> HistoryExport:
    """Members see only their own exports; those of others are not found."""
    found = HistoryExport.objects.filter(
        pk=number, workspace=request.workspace, user=request.actor.user
    ).first()
    if found is None or found.created < now_ms() - EXPORT_LIFETIME_MS:
        raise NotFound(_("This export has expired."))
    return found


def _context(request: PageRequest, job: HistoryExport) -> dict[str, Any]:
    is_open = job.state in (ExportState.WAITING, ExportState.RUNNING)
    href, name = _list(request, job)
    return {
        "job": job,
        "is_open": is_open,
        "pace": POLL_SECONDS,
        "here": _address(request, job),
        "file_href": f"{_address(request, job)}histories.parquet",
        "list_href": href,
        "list_name": name,
        "most": max(job.runs_total, job.runs, 1),
        "expires": job.created + EXPORT_LIFETIME_MS,
    }


def _list(request: PageRequest, job: HistoryExport) -> tuple[str, str]:
    """The address that it leads back to, and its name; of what is gone, All runs."""
    number = QueryDict(job.query).get("in", "")
    try:
        experiment, spec = exported_list(job)
    except NotFound:
        experiment, spec, number = None, ViewSpec(), ""
    scope = build_scope(request.workspace.name, experiment, number)
    return scope.at(spec), scope.name


def _address(request: PageRequest, job: HistoryExport) -> str:
    return reverse("history-export", args=[request.workspace.name, job.pk])
