"""Files of the working copy that become files of the run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import InvalidName
from studio.core.names import check_path
from studio.core.run_definition import rank_count
from studio.runner.job.job_run import JobRun
from studio.runner.ranks import LOG_FOLDER

OUTPUTS = "outputs"
DEFAULT_WATCHED = ("logs",)
#: How often watched folders are read, and how much of a file at once.
WATCH_SECONDS, CHUNK_BYTES = 5.0, 1024 * 1024


class WatchedFolders:
    """Sends what is added to the files below some folders, while the script runs."""

    def __init__(self, run: JobRun, code: Path, definition: Mapping[str, Any]) -> None:
        history = definition.get("history") or {}
        names = history.get("directoriesToWatch") or DEFAULT_WATCHED
        self._run, self._code = run, code
        self._folders = [str(name).strip("/") for name in names]
        if rank_count(definition) > 1:
            self._folders.append(LOG_FOLDER)
        self._sent: dict[str, int] = {}
        self._next = 0.0

    def send_new_parts(self, now: float) -> None:
        """Read the folders, unless that was just done."""
        if now >= self._next:
            self._next = now + WATCH_SECONDS
            self.send_all()

    def send_all(self) -> None:
        """Read the folders."""
        for name in self._folders:
            for file, path in list_files(self._code, name):
                self._send_rest_of(file, path)

    def _send_rest_of(self, file: Path, path: str) -> None:
        try:
            with file.open("rb") as source:
                source.seek(self._sent.get(path, 0))
                while chunk := source.read(CHUNK_BYTES):
                    self._run.append_log(path, chunk)
                    self._sent[path] = self._sent.get(path, 0) + len(chunk)
        except OSError:
            # It is being written, or was deleted: the next reading shows.
            return


def upload_outputs(run: JobRun, code: Path, definition: Mapping[str, Any]) -> None:
    """Upload `outputs/`, unless the definition leaves it out."""
    history = definition.get("history") or {}
    if history.get("outputCollection") is not False:
        for file, path in list_files(code, OUTPUTS):
            run.add_file(file, path)


def list_files(code: Path, name: str) -> Iterator[tuple[Path, str]]:
    """The regular files below a folder, with their paths in the run."""
    for here, folders, files in os.walk(code / name):
        folders.sort()
        for one in sorted(files):
            local = Path(here, one)
            path = local.relative_to(code).as_posix()
            if local.is_file() and not local.is_symlink() and _is_path(path):
                yield local, path


def _is_path(path: str) -> bool:
    try:
        check_path(path)
    except InvalidName:
        return False
    return True
