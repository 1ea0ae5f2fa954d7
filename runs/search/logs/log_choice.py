"""Which of a run's files is the log that matters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runs.models import File, Run
from runs.render.files import is_text
from runs.search.logs.log_source import log_source
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
LOG_FOLDERS = ("logs/", "user_logs/", "azureml-logs/")
_RANK_PATHS = (
    re.compile(r"user_logs/std_log_process_0*(\d+)\.txt"),
    re.compile(r"azureml-logs/70_driver_log_0*(\d+)\.txt"),
)
#: What launchers print at the end: this server's, then torchrun.
_FAILED_RANKS = (
    re.compile(rb"\nRank (\d+) ended with exit code"),
    re.compile(rb"Root Cause[^\[\]]{0,400}?\n\s*rank\s*: (\d+) "),
)
_END_BYTES = 64 * 1024


def choose_log(run: Run, files: Sequence[File]) -> File | None:
    """Return the log to open first; None if the run has none.

    That is the log of the rank that failed, else the run's output, else the newest
    text file below a folder of logs.
    """
    by_path = {file.path: file for file in files}
    output = next((by_path[path] for path in LOG_PATHS if path in by_path), None)
    if output is not None and run.state is RunStatus.FAILED:
        return _log_of_failed_rank(run, output, by_path) or output
    return output or _newest_log(files)


def _log_of_failed_rank(
    run: Run, output: File, by_path: dict[str, File]
) -> File | None:
    ranks = {
        int(found[1]): file
        for path, file in by_path.items()
        for pattern in _RANK_PATHS
        if (found := pattern.fullmatch(path))
    }
    return ranks.get(_failed_rank(run, output)) if len(ranks) > 1 else None


def _failed_rank(run: Run, output: File) -> int:
    """Return the rank that the end of the output names; -1 if it names none."""
    try:
        with log_source(run, output).open() as reader:
            end = reader.read(max(0, reader.size - _END_BYTES), reader.size)
    except (MissingBytes, OSError):
        return -1
    found = (pattern.search(end) for pattern in _FAILED_RANKS)
    return next((int(each[1]) for each in found if each), -1)


def _newest_log(files: Iterable[File]) -> File | None:
    logs = (
        file
        for file in files
        if file.path.startswith(LOG_FOLDERS) and is_text(file.name)
    )
    return max(logs, key=lambda file: (file.created, file.pk), default=None)
