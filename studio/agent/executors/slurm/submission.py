"""What the executor knows of the Slurm job of a folder, kept in `slurm.json` there."""

from __future__ import annotations

import json
import signal
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.core.private_files import write_private

SUBMISSION_NAME, SCRIPT_NAME = "slurm.json", "slurm.sh"
#: What the agent sends to a job through `scancel --signal=… --batch`.
STOP, KILL = signal.SIGUSR2, signal.SIGUSR1


@dataclass(frozen=True)
class Submission:
    """The comment by which Slurm's queue names a job; the job's number, once known.

    A controller that lost its state gives the same number to another job.
    `can_requeue` says that a preempted run is queued again.
    """

    comment: str = ""
    job: str = ""
    can_requeue: bool = False

    @classmethod
    def new(cls, *, can_requeue: bool) -> Submission:
        return cls(f"run-studio-{uuid.uuid4()}", can_requeue=can_requeue)

    @classmethod
    def read(cls, folder: Path) -> Submission:
        """An empty one if none was written."""
        try:
            content: Any = json.loads((folder / SUBMISSION_NAME).read_text("utf-8"))
            return cls(
                str(content["comment"]),
                str(content["job"]),
                bool(content["can_requeue"]),
            )
        except (OSError, ValueError, LookupError, TypeError):
            return cls()

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        write_private(folder / SUBMISSION_NAME, json.dumps(asdict(self)))
