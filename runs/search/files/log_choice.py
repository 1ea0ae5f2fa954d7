"""Which of a run's files is the log that matters."""

from __future__ import annotations

import re

from django.db.models import F, Q, Value
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from runs.models import File, Run, in_folder
from runs.models.functions import LAST_CHAR, PathOrder
from runs.render.files import is_text
from runs.search.files.files import current_files, find_files
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes
from studio.core.statuses import RunStatus

#: Where a run's output is kept: by a launcher, by other clients, by the SDK.
LOG_PATHS = (
    "user_logs/std_log.txt",
    "azureml-logs/70_driver_log.txt",
    "user_logs/std_log_process_0.txt",
    "user_logs/std_log_process_00.txt",
    "azureml-logs/70_driver_log_0.txt",
    "logs/std_log.txt",
    "std_log.txt",
    "logs/user_log.txt",
)
LOG_FOLDERS = ("logs", "user_logs", "azureml-logs")
#: Of more files below these folders, the newest ones count.
_MAX_LISTED = 200
_RANK_PATHS = (
    "user_logs/std_log_process_{rank}.txt",
    "user_logs/std_log_process_{rank:02}.txt",
    "azureml-logs/70_driver_log_{rank}.txt",
)
#: What launchers print at the end: this server's, then torchrun.
_FAILED_RANKS = (
    re.compile(rb"\nRank (\d{1,6}) ended with exit code"),
    re.compile(rb"(?s)Root Cause.{0,600}?\n\s*rank\s*: (\d{1,6}) "),
)
_END_BYTES = 64 * 1024


def find_log(run: Run) -> File | None:
    """Return the log to open first; None if the run has none. At most two queries.

    That is the log of the rank that failed, else the run's output, else the newest
    text file below a folder of logs.
    """
    found = find_files(run, LOG_PATHS)
    output = next((found[path] for path in LOG_PATHS if path in found), None)
    if output is None:
        return _newest_log(run)
    if run.state is RunStatus.FAILED:
        return _log_of_failed_rank(run, output) or output
    return output


def _log_of_failed_rank(run: Run, output: File) -> File | None:
    rank = _failed_rank(output)
    if rank is None:
        return None
    paths = [path.format(rank=rank) for path in _RANK_PATHS]
    return next(iter(find_files(run, paths).values()), None)


def _failed_rank(output: File) -> int | None:
    """Return the rank that the end of the output names."""
    try:
        with file_store.open(output.blob, output.size) as log:
            start = max(0, output.size - _END_BYTES)
            log.seek(start)
            end = log.read(output.size - start)
    except (MissingBytes, OSError):
        return None
    found = (pattern.search(end) for pattern in _FAILED_RANKS)
    return next((int(each[1]) for each in found if each), None)


def _newest_log(run: Run) -> File | None:
    # Each arm names the run and a range of the index `file_by_folder`, so that a run
    # with 100,000 outputs is not read.
    below = Q()
    for folder in LOG_FOLDERS:
        below |= Q(_begins_like(folder), in_folder(folder), run=run)
    rows = current_files().filter(below).order_by("-created", "-pk")
    return next((file for file in rows[:_MAX_LISTED] if is_text(file.name)), None)


def _begins_like(folder: str) -> Q:
    """The range of folders that has this one and those below it, and few others."""
    at = PathOrder(F("folder"))
    after = Q(LessThan(at, Value(f"{folder}/{LAST_CHAR}")))
    return Q(GreaterThanOrEqual(at, Value(folder))) & after
