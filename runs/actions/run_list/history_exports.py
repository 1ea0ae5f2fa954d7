"""Exports of full histories: queued, written in slices, deleted after a day.

Each is a background task too. Where both change, the task is changed first, as all
writers of tasks do.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.task_rows import end_task, save_progress
from runs.models import (
    BackgroundTask,
    Experiment,
    ExportState,
    HistoryExport,
    Role,
    TaskKind,
    TaskState,
    User,
    Workspace,
    now_ms,
)
from runs.render.run_list import MetricHistoryFile
from runs.search.run_list import SeriesPart, find_matching_runs, read_histories
from runs.storage.files import deletions_allowed
from studio.core.errors import NotFound, StudioError
from studio.core.view_spec import ViewSpec, parse_tolerant

#: The type of the written files.
PARQUET = "application/vnd.apache.parquet"
#: How long exports are kept, and how many a user can have waiting.
EXPORT_LIFETIME_MS, MAX_WAITING_EXPORTS = 86_400_000, 5
#: How long the same export is not written again.
REPEAT_MS = 60_000
#: How long the worker writes at a time, and how often it stores the progress.
SLICE_SECONDS, PROGRESS_SECONDS = 3.0, 1.0
EXPORT_ACTION = "export histories"


class _StoppedError(Exception):
    """The export was stopped, or deleted, while it was written."""


@dataclass
class _Writing:
    """An export that is written, its open task, and what is done."""

    export: HistoryExport
    task: int
    runs: int = 0
    points: int = 0
    total: int = 0

    @property
    def result(self) -> dict[str, int]:
        return {"export": self.export.pk, "points": self.points}

    @property
    def counts(self) -> dict[str, int]:
        return {"runs": self.runs, "points": self.points, "runs_total": self.total}


def exports_folder() -> Path:
    return Path(settings.FILES_DIR, "exports")


@transaction.atomic
def queue_history_export(
    workspace: Workspace, query: str, experiment: str, *, actor: Actor, now: int
) -> HistoryExport:
    """Queue an export; return the same one if it is open, or was requested just now."""
    assert actor.user is not None
    # Two requests at the same time create one export.
    user = User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    own = HistoryExport.objects.filter(user=user)
    same = own.filter(workspace=workspace, query=query, experiment=experiment)
    recent = Q(state=ExportState.DONE, created__range=(now - REPEAT_MS, now))
    if found := (same.open() | same.filter(recent)).order_by("-pk").first():
        return found
    if own.open().count() >= MAX_WAITING_EXPORTS:
        raise StudioError(
            _("Too many of your exports are waiting. Wait until one is finished.")
        )
    export = HistoryExport.objects.create(
        workspace=workspace,
        user=actor.user,
        query=query,
        experiment=experiment,
        created=now,
    )
    _create_task(export, actor)
    return export


def _create_task(export: HistoryExport, actor: Actor) -> BackgroundTask:
    return BackgroundTask.objects.create(
        workspace_id=export.workspace_id,
        user=actor.user,
        token=actor.token,
        way=actor.way,
        kind=TaskKind.EXPORT,
        action=EXPORT_ACTION,
        request={"export": export.pk},
        role=Role.READER,
        created=export.created,
    )


def _task_of(export: HistoryExport) -> BackgroundTask:
    """Return the open task of an open export."""
    rows = BackgroundTask.objects.open().filter(
        kind=TaskKind.EXPORT, request={"export": export.pk}
    )
    # Exports of older versions have no task.
    return rows.first() or _create_task(export, Actor(export.user))


class HistoryExporter:
    """Writes one export after the other, a slice at each call.

    After a restart the worker starts the unfinished export again.
    """

    def __init__(self) -> None:
        self._writing: _Writing | None = None
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
        rows = HistoryExport.objects.open().select_related("workspace", "user")
        export = rows.order_by("pk").first()
        if export is None:
            return False
        self._writing = _Writing(export, _task_of(export).pk)
        self._steps = _write_export_in_steps(self._writing)
        return True

    def _continue_export(self, until: float) -> int:
        assert self._writing is not None
        assert self._steps is not None
        try:
            for _continue_export in self._steps:
                if time.monotonic() >= until:
                    return 0
        except _StoppedError:
            pass
        except StudioError as error:
            _fail(self._writing, error.message)
        except (OSError, ValueError) as error:
            _fail(self._writing, str(error))
        self._writing = self._steps = None
        return 1


@transaction.atomic
def _fail(writing: _Writing, error: str) -> None:
    now = now_ms()
    end_task(writing.task, TaskState.FAILED, now=now, error=error)
    HistoryExport.objects.open().filter(pk=writing.export.pk).update(
        state=ExportState.FAILED, ended=now, error=error
    )


@transaction.atomic
def _save_progress(writing: _Writing) -> None:
    is_open = save_progress(
        writing.task, position=writing.runs, total=writing.total, result=writing.result
    )
    rows = HistoryExport.objects.open().filter(pk=writing.export.pk)
    if not is_open or not rows.update(state=ExportState.RUNNING, **writing.counts):
        raise _StoppedError


@transaction.atomic
def _finish(writing: _Writing, name: str, size: int) -> None:
    now = now_ms()
    was_open = end_task(
        writing.task,
        TaskState.DONE,
        now=now,
        position=writing.runs,
        total=writing.runs,
        changed=writing.runs,
        result={**writing.result, "size": size},
    )
    rows = HistoryExport.objects.open().filter(pk=writing.export.pk)
    ended = {"state": ExportState.DONE, "ended": now, "file": name, "size": size}
    counts = {**writing.counts, "runs_total": writing.runs}
    if not was_open or not rows.update(**ended, **counts):
        raise _StoppedError


def _write_export_in_steps(writing: _Writing) -> Iterator[None]:
    name = f"{writing.export.pk}-{secrets.token_hex(8)}.parquet"
    exports_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = _read_matching_series(writing)
    written = MetricHistoryFile(exports_folder() / name)
    try:
        yield from _write_series_parts(writing, parts, written)
        written.close()
        _finish(writing, name, (exports_folder() / name).stat().st_size)
    # Also if the worker stops in the middle: no incomplete file may stay.
    except BaseException:
        (exports_folder() / name).unlink(missing_ok=True)
        raise


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


def _read_matching_series(writing: _Writing) -> Iterator[SeriesPart]:
    export = writing.export
    experiment, spec = read_exported_list(export)
    matching = find_matching_runs(
        spec, export.user, export.workspace, experiment=experiment
    )
    writing.total = matching.total
    BackgroundTask.objects.filter(pk=writing.task, started__isnull=True).update(
        started=now_ms()
    )
    _save_progress(writing)
    return read_histories(matching)


def _parse_query_string(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _write_series_parts(
    writing: _Writing, parts: Iterator[SeriesPart], written: MetricHistoryFile
) -> Iterator[None]:
    saved = time.monotonic()
    for part in parts:
        if part.points is not None:
            writing.points += written.add_points(part.run_id, part.key, part.points)
        writing.runs += part.runs
        if time.monotonic() - saved > PROGRESS_SECONDS:
            _save_progress(writing)
            saved = time.monotonic()
        yield


def delete_old_exports(now: int) -> int:
    """Delete exports older than a day, and files that a stopped worker left."""
    with deletions_allowed() as is_allowed:
        return _delete_old_rows_and_files(now) if is_allowed else 0


def _delete_old_rows_and_files(now: int) -> int:
    limit = now - EXPORT_LIFETIME_MS
    for task in BackgroundTask.objects.open().filter(
        kind=TaskKind.EXPORT, created__lt=limit
    ):
        text = _("It was not finished within a day.")
        end_task(task.pk, TaskState.FAILED, now=now, error=text)
    old = HistoryExport.objects.filter(created__lt=limit)
    count = old.count()
    old.delete()
    kept = set(HistoryExport.objects.exclude(file="").values_list("file", flat=True))
    for path in exports_folder().glob("*.parquet"):
        # The file that is being written has no finished export yet, but it is not old.
        is_old = path.stat().st_mtime * 1000 < now - EXPORT_LIFETIME_MS
        if path.name not in kept and is_old:
            path.unlink(missing_ok=True)
    return count
