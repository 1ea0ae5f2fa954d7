"""REST: request an export of full metric histories, see its progress, download it."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.http.response import HttpResponseBase
from msgspec import structs

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions.run_list import (
    EXPORT_LIFETIME_MS,
    PARQUET,
    find_own_export,
    open_exported_file,
    queue_history_export,
)
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_experiment
from runs.api.v1.schemas import HistoryExportInfo, NewHistoryExport
from runs.models import HistoryExport, now_ms
from runs.render.run_list import require_pyarrow
from studio.core.view_spec import ViewSpec


@endpoint(
    "POST",
    Permission.READ,
    body=NewHistoryExport,
    reply=HistoryExportInfo,
    status=202,
)
def create_history_export(
    request: StudioRequest, body: NewHistoryExport
) -> HistoryExportInfo:
    """Write all metric points of the matching runs into a Parquet file.

    The worker writes it. The same export that is still waiting is returned again.
    """
    require_pyarrow()
    values = structs.asdict(body)
    number = values.pop("experiment")
    experiment = None if number is None else find_experiment(request, number)
    spec = ViewSpec.from_query(values)
    # Raises InvalidFilter now: the worker would fail when no one waits.
    spec.filter()
    export = queue_history_export(
        workspace_of(request),
        spec.to_query(),
        "" if experiment is None else str(experiment.number),
        actor=request.actor,
        now=now_ms(),
    )
    return _export_info(export)


@endpoint("GET", Permission.READ, reply=HistoryExportInfo)
def get_history_export(request: StudioRequest, number: int) -> HistoryExportInfo:
    """Read the progress of your export."""
    return _export_info(_find_export(request, number))


@endpoint("GET", Permission.READ)
def download_history_export(request: StudioRequest, number: int) -> HttpResponseBase:
    """Download your export: Parquet, with a row for each point."""
    file = open_exported_file(_find_export(request, number))
    return FileResponse(
        file, as_attachment=True, filename="histories.parquet", content_type=PARQUET
    )


def _find_export(request: StudioRequest, number: int) -> HistoryExport:
    return find_own_export(
        workspace_of(request), signed_in_user(request), number, now=now_ms()
    )


def _export_info(export: HistoryExport) -> HistoryExportInfo:
    state: Any = export.state
    return HistoryExportInfo(
        id=export.pk,
        state=state,
        runs=export.runs,
        runs_total=export.runs_total,
        points=export.points,
        size=export.size,
        error=export.error,
        created=export.created,
        ended=export.ended,
        expires=export.created + EXPORT_LIFETIME_MS,
    )
