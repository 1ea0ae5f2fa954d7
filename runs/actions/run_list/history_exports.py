"""Exports of full histories: queued, written in slices, deleted after a day."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from runs.models import Experiment, ExportState, HistoryExport, User, Workspace, now_ms
from runs.render.run_list import MetricHistoryFile
from runs.search.run_list import SeriesPart, find_matching_runs, read_histories
from runs.storage.files import deletions_allowed
from studio.core.errors import NotFound, StudioError
from studio.core.view_spec import ViewSpec, parse_tolerant

#: The type of the written files.
PARQUET = "application/vnd.apache.parquet"
#: How long exports are kept, and how many a user can have waiting.
EXPORT_LIFETIME_MS, MAX_WAITING_EXPORTS = 86_400_000, 5
#: How long the worker writes at a time, and how often it stores the progress.
SLICE_SECONDS, PROGRESS_SECONDS = 3.0, 1.0


def exports_folder() -> Path:
    return Path(settings.FILES_DIR, "exports")


def queue_history_export(
    workspace: Workspace, user: User, query: str, experiment: str, *, now: int
) -> HistoryExport:
    """Queue an export; return the waiting one if it is the same."""
    same = HistoryExport.objects.filter(
        workspace=workspace,
        user=user,
        query=query,
        experiment=experiment,
        state__in=(ExportState.WAITING, ExportState.RUNNING),
    ).first()
    if same is not None:
        return same
    waiting = HistoryExport.objects.filter(
        user=user, state__in=(ExportState.WAITING, ExportState.RUNNING)
    )
    if waiting.count() >= MAX_WAITING_EXPORTS:
        raise StudioError(
            _("Too many of your exports are waiting. Wait until one is finished.")
        )
    return HistoryExport.objects.create(
        workspace=workspace,
        user=user,
        query=query,
        experiment=experiment,
        created=now,
    )


class HistoryExporter:
    """Writes one export after the other, a slice at each call.

    After a restart the worker starts the unfinished export again.
    """

    def __init__(self) -> None:
        self._current_export: HistoryExport | None = None
        self._steps: Iterator[None] | None = None

    def __call__(self, _now: int) -> int:
        """Write for a slice of time; return how many exports ended."""
        ended, until = 0, time.monotonic() + SLICE_SECONDS
        while self._steps is not None or self._begin_export():
            ended += self._continue_export(until)
            if time.monotonic() >= until:
                break
        return ended

    def _begin_export(self) -> bool:
        rows = HistoryExport.objects.filter(
            state__in=(ExportState.WAITING, ExportState.RUNNING)
        )
        self._current_export = (
            rows.select_related("workspace", "user").order_by("pk").first()
        )
        if self._current_export is None:
            return False
        self._steps = _write_export_in_steps(self._current_export)
        return True

    def _continue_export(self, until: float) -> int:
        assert self._current_export is not None
        assert self._steps is not None
        try:
            for _continue_export in self._steps:
                if time.monotonic() >= until:
                    return 0
        except StudioError as error:
            _update_export(
                self._current_export, state=ExportState.FAILED, error=error.message
            )
        except (OSError, ValueError) as error:
            _update_export(
                self._current_export, state=ExportState.FAILED, error=str(error)
            )
        self._current_export = self._steps = None
        return 1


def _update_export(export: HistoryExport, **values: object) -> None:
    if values.get("state") in (ExportState.DONE, ExportState.FAILED):
        values["ended"] = now_ms()
    HistoryExport.objects.filter(pk=export.pk).update(**values)


def _write_export_in_steps(export: HistoryExport) -> Iterator[None]:
    name = f"{export.pk}-{secrets.token_hex(8)}.parquet"
    exports_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = _read_matching_series(export)
    written = MetricHistoryFile(exports_folder() / name)
    try:
        yield from _write_series_parts(export, parts, written)
        written.close()
    # Also if the worker stops in the middle: no incomplete file may stay.
    except BaseException:
        (exports_folder() / name).unlink(missing_ok=True)
        raise
    size = (exports_folder() / name).stat().st_size
    _update_export(
        export, state=ExportState.DONE, file=name, size=size, runs_total=F("runs")
    )


def find_own_export(
    workspace: Workspace, user: User, number: int, *, now: int
) -> HistoryExport:
    """Return an export; members see only their own, those of others are not found."""
    rows = HistoryExport.objects.filter(workspace=workspace, user=user)
    # A longer number can exceed 64 bits, which both databases refuse.
    found = rows.filter(pk=number).first() if number < 2**63 else None
    if found is None or found.created < now - EXPORT_LIFETIME_MS:
        raise NotFound(_("This export has expired."))
    return found


def open_exported_file(export: HistoryExport) -> BinaryIO:
    """Open the written file; raise NotFound while there is none."""
    # Only the name: a stored path must not lead out of the folder.
    path = exports_folder() / Path(export.file).name
    if export.state != ExportState.DONE or not path.is_file():
        raise NotFound(_("This export is not available. It may still be in progress."))
    return path.open("rb")


def read_exported_list(export: HistoryExport) -> tuple[Experiment | None, ViewSpec]:
    """Return the exported list; no experiment is All runs. Raise NotFound."""
    spec, _complaints = parse_tolerant(dict(_parse_query_string(export.query)))
    if not export.experiment:
        return None, spec
    known = Experiment.objects.filter(workspace=export.workspace)
    experiment = known.filter(number=int(export.experiment)).first()
    if experiment is None:
        raise NotFound(_("This experiment no longer exists."))
    return experiment, spec


def _read_matching_series(export: HistoryExport) -> Iterator[SeriesPart]:
    experiment, spec = read_exported_list(export)
    matching = find_matching_runs(
        spec, export.user, export.workspace, experiment=experiment
    )
    _update_export(
        export, state=ExportState.RUNNING, runs=0, points=0, runs_total=matching.total
    )
    return read_histories(matching)


def _parse_query_string(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _write_series_parts(
    export: HistoryExport, parts: Iterator[SeriesPart], written: MetricHistoryFile
) -> Iterator[None]:
    runs = points = 0
    saved = time.monotonic()
    for part in parts:
        if part.points is not None:
            points += written.add_points(part.run_id, part.key, part.points)
        runs += part.runs
        if time.monotonic() - saved > PROGRESS_SECONDS:
            _update_export(export, runs=runs, points=points)
            saved = time.monotonic()
        yield
    _update_export(export, runs=runs, points=points)


def delete_old_exports(now: int) -> int:
    """Delete exports older than a day, and files that a stopped worker left."""
    with deletions_allowed() as is_allowed:
        return _delete_old_rows_and_files(now) if is_allowed else 0


def _delete_old_rows_and_files(now: int) -> int:
    old = HistoryExport.objects.filter(created__lt=now - EXPORT_LIFETIME_MS)
    count = old.count()
    old.delete()
    kept = set(HistoryExport.objects.exclude(file="").values_list("file", flat=True))
    for path in exports_folder().glob("*.parquet"):
        # The file that is being written has no finished export yet, but it is not old.
        is_old = path.stat().st_mtime * 1000 < now - EXPORT_LIFETIME_MS
        if path.name not in kept and is_old:
            path.unlink(missing_ok=True)
    return count
