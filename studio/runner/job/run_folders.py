"""Files of the working copy that become files of the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.runner.containers import read_image_request
from studio.runner.job.job_run import JobRun
from studio.runner.watched_folders import WatchedFolders, list_files

OUTPUTS = "outputs"
DEFAULT_WATCHED = ("logs",)


def watch_folders(
    run: JobRun, code: Path, definition: Mapping[str, Any]
) -> WatchedFolders:
    """The folders whose files are sent while the script runs."""
    history = definition.get("history") or {}
    names = history.get("directoriesToWatch") or DEFAULT_WATCHED
    return WatchedFolders(
        run.append_log,
        code,
        [str(name) for name in names],
        is_confined=read_image_request(definition) is not None,
    )


def upload_outputs(run: JobRun, code: Path, definition: Mapping[str, Any]) -> None:
    """Upload `outputs/`, unless the definition leaves it out."""
    history = definition.get("history") or {}
    if history.get("outputCollection") is False:
        return
    in_container = read_image_request(definition) is not None
    for file, path in list_files(code, OUTPUTS):
        # The container is gone: no link takes the file's place now.
        if not in_container or file.resolve().is_relative_to(code.resolve()):
            run.add_file(file, path)
