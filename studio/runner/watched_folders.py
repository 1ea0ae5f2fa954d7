"""Files that grow while a command runs, and the logs of its ranks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import InvalidName
from studio.core.names import check_path
from studio.core.script_variables import RANK_LOGS_FOLDER
from studio.runner.ranks import LOG_FOLDER, RANK_LOGS_VARIABLE
from studio.sdk.delivery import open_below

#: How often the folders are read, and how much of a file at once.
WATCH_SECONDS, CHUNK_BYTES = 5.0, 1024 * 1024


class WatchedFolders:
    """Sends what is added to the files below some folders of `root`.

    `append(path, chunk)` must not raise.
    """

    def __init__(
        self,
        append: Callable[[str, bytes], None],
        root: Path,
        names: Sequence[str],
        *,
        is_confined: bool = False,
    ) -> None:
        """With `is_confined`, no link leads out of `root`."""
        self._append, self._root, self._is_confined = append, root, is_confined
        self._names = [name.strip("/") for name in names]
        self._sent: dict[str, int] = {}
        self._next = 0.0

    def send_new_parts(self, now: float) -> None:
        """Read the folders, unless that was just done."""
        if now >= self._next:
            self._next = now + WATCH_SECONDS
            self.send_all()

    def send_all(self) -> None:
        """Read the folders."""
        for name in self._names:
            for file, path in list_files(self._root, name):
                self._send_rest_of(file, path)
        # A script can have more files in that folder.
        for file, path in list_files(self._root, LOG_FOLDER):
            if path.startswith(f"{LOG_FOLDER}/std_log_process_"):
                self._send_rest_of(file, path)

    def _send_rest_of(self, file: Path, path: str) -> None:
        try:
            with self._open(file) as source:
                source.seek(self._sent.get(path, 0))
                while chunk := source.read(CHUNK_BYTES):
                    self._append(path, chunk)
                    self._sent[path] = self._sent.get(path, 0) + len(chunk)
        except OSError:
            # It is being written, or was deleted: the next reading shows.
            return

    def _open(self, file: Path) -> BinaryIO:
        return open_below(self._root, file) if self._is_confined else file.open("rb")


def with_rank_logs(variables: Mapping[str, str], root: Path) -> dict[str, str]:
    """The variables with which the ranks of a command write logs below `root`."""
    modules = variables.get("PYTHONPATH", "").split(os.pathsep)
    others = [one for one in modules if one and one != RANK_LOGS_FOLDER]
    return {
        **variables,
        "PYTHONPATH": os.pathsep.join([RANK_LOGS_FOLDER, *others]),
        RANK_LOGS_VARIABLE: str(root / LOG_FOLDER),
    }


def list_files(root: Path, name: str) -> Iterator[tuple[Path, str]]:
    """The regular files below a folder, with their paths in the run."""
    for here, folders, files in os.walk(root / name):
        folders.sort()
        for one in sorted(files):
            local = Path(here, one)
            path = local.relative_to(root).as_posix()
            if local.is_file() and not local.is_symlink() and _is_path(path):
                yield local, path


def _is_path(path: str) -> bool:
    try:
        check_path(path)
    except InvalidName:
        return False
    return True
