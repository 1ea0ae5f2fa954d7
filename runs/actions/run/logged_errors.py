"""The error of a failed run, from the traceback at the end of its log.

MLflow's clients report that a run failed, but not why. The log can arrive after the
report, so both look for the traceback. It can arrive in two parts, so one that was cut
is completed.
"""

from __future__ import annotations

from django.db.models import F

from runs.models import File, Run
from runs.search.files import LOG_PATHS, find_log
from runs.storage.files import files as file_store
from studio.core import names
from studio.core.errors import MissingBytes
from studio.core.fingerprints import error_kind
from studio.core.statuses import RunStatus
from studio.core.tracebacks import HEADER, last_traceback

#: How much of the log's end is read.
MAX_READ_BYTES = 128 * 1024


def set_error_from_log(run: Run, *, now: int, file: File | None = None) -> bool:
    """Set the error of a failed run that has none, or only the start of the traceback.

    `file` is the log, if the caller has it. Call it after the commit of the log's
    bytes, or of the status: of two requests at once, the later one must see what both
    wrote.
    Returns whether the error was set.
    """
    # Not those of `run`, which can be older than a report that came at the same time.
    rows = Run.objects.filter(pk=run.pk, status=RunStatus.FAILED.code)
    before = rows.values_list("error", flat=True).first()
    if before is None or (before and not before.startswith(HEADER)):
        return False
    log = find_log(run) if file is None else file
    text = "" if log is None else _read_end(log)
    error = last_traceback(text, names.MAX_ERROR)
    if error == before or not error.startswith(before):
        return False
    fields = {"error": error, "error_kind": error_kind(error)}
    if not rows.filter(error=before).update(
        **fields, updated=now, revision=F("revision") + 1
    ):
        return False
    run.error, run.error_kind = error, fields["error_kind"]
    run.revision += 1
    return True


def is_log_path(path: str) -> bool:
    """Whether a file of this path has what the run's process printed."""
    return path in LOG_PATHS


def _read_end(file: File) -> str:
    try:
        with file_store.open(file.blob, file.size) as handle:
            handle.seek(max(0, file.size - MAX_READ_BYTES))
            return handle.read(MAX_READ_BYTES).decode("utf-8", "replace")
    except MissingBytes:
        return ""
