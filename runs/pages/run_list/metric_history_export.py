"""Exports of full metric histories: request one, see its progress, download it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, sandbox_response
from runs.actions.run_list import (
    EXPORT_LIFETIME_MS,
    PARQUET,
    find_own_export,
    open_exported_file,
    queue_history_export,
    read_exported_list,
)
from runs.models import ExportState, HistoryExport, now_ms
from runs.pages.lists import build_scope, read_part_state_tolerantly, scope_number
from runs.pages.requests import PageRequest, content_disposition, with_vary_headers
from runs.render.run_list import require_pyarrow
from studio.core.errors import NotFound
from studio.core.view_spec import ViewSpec

#: Seconds between polls of the progress.
POLL_SECONDS = 2


@access(Permission.READ)
@require_POST
def request_history_export(request: PageRequest) -> HttpResponse:
    """Queue an export of the list in the query string; refuse an invalid filter now."""
    # Refuse now: the worker would fail only after the user has left the page.
    require_pyarrow()
    state = read_part_state_tolerantly(request)
    scope, spec = state.scope, state.spec
    # Raises InvalidFilter here, where the user still sees the error.
    spec.filter()
    # The link back leads to the list of child runs, which `in` names.
    query = spec.to_query()
    if scope.experiment is None and scope.number:
        query = f"{urlencode({'in': scope.number})}&{query}"
    export = queue_history_export(
        request.workspace,
        query,
        scope_number(scope.experiment),
        actor=request.actor,
        now=now_ms(),
    )
    return HttpResponseRedirect(_export_address(request, export))


@access(Permission.READ)
@require_safe
def show_export_progress(request: PageRequest, number: int) -> HttpResponse:
    export = _find_own_export(request, number)
    template = (
        "run_list/_history_export.html"
        if request.htmx
        else "run_list/history_export.html"
    )
    return with_vary_headers(
        render(request, template, _export_context(request, export))
    )


@access(Permission.READ)
@require_safe
def download_history_export(request: PageRequest, number: int) -> HttpResponseBase:
    file = open_exported_file(_find_own_export(request, number))
    response = FileResponse(file, content_type=PARQUET)
    response["Content-Disposition"] = content_disposition("histories.parquet", True)
    return sandbox_response(response)


def _find_own_export(request: PageRequest, number: int) -> HistoryExport:
    return find_own_export(request.workspace, request.actor.user, number, now=now_ms())


def _export_context(request: PageRequest, export: HistoryExport) -> dict[str, Any]:
    is_open = export.state in (ExportState.WAITING, ExportState.RUNNING)
    href, name = _link_to_exported_list(request, export)
    return {
        "job": export,
        "is_open": is_open,
        "pace": POLL_SECONDS,
        "here": _export_address(request, export),
        "file_href": f"{_export_address(request, export)}histories.parquet",
        "list_href": href,
        "list_name": name,
        "most": max(export.runs_total, export.runs, 1),
        "expires": export.created + EXPORT_LIFETIME_MS,
    }


def _link_to_exported_list(
    request: PageRequest, export: HistoryExport
) -> tuple[str, str]:
    """Return address and name of the exported list; All runs if it was deleted."""
    number = QueryDict(export.query).get("in", "")
    try:
        experiment, spec = read_exported_list(export)
    except NotFound:
        experiment, spec, number = None, ViewSpec(), ""
    scope = build_scope(request.workspace.name, experiment, number)
    return scope.address_of(spec), scope.name


def _export_address(request: PageRequest, export: HistoryExport) -> str:
    return reverse("history-export", args=[request.workspace.name, export.pk])
