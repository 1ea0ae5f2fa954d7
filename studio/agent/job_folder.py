"""The folder of one attempt of a run: what the agent must know after a restart.

`attempt.json` is the agent's; the other files are those of `studio.core.job_files`.
Only the user can read the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from studio.core.job_files import CODE_FOLDER, CONTAINER_SPOOL, JOB_FILE
from studio.core.private_files import write_private

ATTEMPT_FILE = "attempt.json"
UNDELIVERED = "undelivered"
#: Names that are longer, or equal except for their case, differ in their hash.
MAX_NAME_CHARS = 60


@dataclass(frozen=True)
class Attempt:
    """The run, the number of the attempt, its slot, and where it was started.

    The run's token delivers what the runner left; it is empty once the job has ended.
    """

    run: str
    attempt: int
    slot: int
    token: str = field(default="", repr=False)
    handle: str = ""


class JobFolder:
    """One folder below `runs/` of the agent's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, parent: Path, attempt: Attempt) -> JobFolder:
        """An empty folder for the attempt. Raises OSError."""
        digest = hashlib.sha256(attempt.run.encode()).hexdigest()[:8]
        name = f"{attempt.run[:MAX_NAME_CHARS]}-{digest}.{attempt.attempt}"
        folder = cls(parent / name)
        folder.remove()
        # Renamed when it is complete, so that every folder tells what it is for.
        hidden = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
        try:
            write_private(hidden / ATTEMPT_FILE, json.dumps(asdict(attempt)))
            (hidden / CODE_FOLDER).mkdir(mode=0o700)
            hidden.rename(folder.path)
        except OSError:
            shutil.rmtree(hidden, ignore_errors=True)
            raise
        return folder

    @property
    def code(self) -> Path:
        return self.path / CODE_FOLDER

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    def read_attempt(self) -> Attempt | None:
        """None if the file is missing or damaged."""
        try:
            text = (self.path / ATTEMPT_FILE).read_text(encoding="utf-8")
            return Attempt(**json.loads(text))
        except (OSError, ValueError, TypeError):
            return None

    def write_attempt(self, attempt: Attempt) -> None:
        write_private(self.path / ATTEMPT_FILE, json.dumps(asdict(attempt)))

    def close_spool(self) -> Path:
        """Rename the spools, so that they stay as they are; returns the new place."""
        place = self.path / UNDELIVERED
        with contextlib.suppress(FileNotFoundError):
            self.spool.rename(place)
        place.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (self.path / CONTAINER_SPOOL).rename(place / CONTAINER_SPOOL)
        return place

    @property
    def has_undelivered(self) -> bool:
        """Whether the server refused a part of what was logged."""
        return (self.path / UNDELIVERED).exists()

    def delete_job(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.path / JOB_FILE).unlink()

    def remove(self) -> None:
        """Delete the folder; files that a script protected stay behind, at worst."""
        shutil.rmtree(self.path, ignore_errors=True)
