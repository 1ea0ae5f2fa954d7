"""What an agent keeps on its machine: its identity, a lock, and the folders of jobs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from studio.agent.job_folder import JobFolder
from studio.core.errors import Conflict
from studio.core.private_files import write_private

#: An ended job's folder is deleted after this time, also if few are kept.
MAX_AGE_SECONDS = 24 * 3600.0


def agents_root() -> Path:
    """`STUDIO_AGENT_HOME`, or a folder of the user."""
    configured = os.environ.get("STUDIO_AGENT_HOME", "").strip()
    return Path(configured or "~/.studio-agent").expanduser().absolute()


def default_folder(url: str, workspace: str, target: str, name: str) -> Path:
    """The folder of an agent of that name, for this server, workspace and target."""
    parts = urlsplit(url)
    host = (
        f"{parts.hostname or 'server'}-{parts.port}" if parts.port else parts.hostname
    )
    words = [_as_name(word) for word in (host or "server", workspace, target, name)]
    return agents_root().joinpath(*words)


def _as_name(word: str) -> str:
    return re.sub(r"[^\w.@-]", "_", word).lstrip(".") or "_"


class AgentFolder:
    """The folder of one agent, locked while it is open.

    `instance` stays the same after a restart: with it the server gives the agent back
    the jobs that it had.
    """

    def __init__(self, path: Path) -> None:
        """Raises Conflict if another process uses it, and OSError."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Its jobs' folders are handles, which must not depend on the current folder.
        self.path = path.resolve()
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise Conflict(
                f"An agent of this name already runs here: it uses {self.path}. Choose "
                "another name with --name."
            ) from error
        self.jobs.mkdir(mode=0o700, exist_ok=True)
        self.instance = self._read_instance()

    def close(self) -> None:
        os.close(self._lock)

    @property
    def jobs(self) -> Path:
        return self.path / "runs"

    def _read_instance(self) -> str:
        path = self.path / "instance"
        with contextlib.suppress(OSError, ValueError):
            return str(uuid.UUID(path.read_text(encoding="utf-8").strip()))
        instance = str(uuid.uuid4())
        write_private(path, f"{instance}\n")
        return instance

    def free_bytes(self) -> int:
        """How much can still be written to its disk."""
        return shutil.disk_usage(self.path).free

    def list_jobs(self) -> list[JobFolder]:
        """The jobs' folders, the oldest first. Half-made ones are deleted."""
        found = []
        for path in self.jobs.iterdir():
            if path.name.startswith(".new-"):
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_dir():
                found.append((_modified_at(path), path))
        return [JobFolder(path) for _time, path in sorted(found)]

    def remove_old(self, ended: list[JobFolder], keep: int) -> None:
        """Delete ended jobs' folders: the oldest above `keep`, and those of yesterday.

        `ended` is in the order of their ends.
        """
        oldest = time.time() - MAX_AGE_SECONDS
        for number, folder in enumerate(reversed(ended)):
            if number >= keep or _modified_at(folder.path) < oldest:
                folder.remove()

    def remove_delivered(self, ended: list[JobFolder]) -> None:
        """Delete ended jobs' folders, but for those with something undelivered."""
        for folder in ended:
            if not folder.has_undelivered:
                folder.remove()


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
