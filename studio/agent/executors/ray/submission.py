"""What the executor knows of the Ray job of a folder, kept in `ray.json` there."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.core.private_files import write_private

SUBMISSION_NAME, REQUEST_NAME = "ray.json", "ray-request"
STOP, KILL = "stop", "kill"


def send_request(folder: Path, request: str) -> None:
    """Ask the driver of a folder to stop its runner, or to kill all. Raises OSError."""
    write_private(folder / REQUEST_NAME, request)


@dataclass(frozen=True)
class Submission:
    """The id of a job in Ray, which is chosen here. Empty if nothing was submitted.

    Canceled: the agent ended it before its runner began.
    """

    id: str = ""
    is_canceled: bool = False

    @classmethod
    def new(cls, folder: Path) -> Submission:
        return cls(f"{folder.name}-{uuid.uuid4().hex[:12]}")

    @classmethod
    def read(cls, folder: Path) -> Submission:
        """An empty one if none was written."""
        try:
            content: Any = json.loads((folder / SUBMISSION_NAME).read_text("utf-8"))
            return cls(str(content["id"]), bool(content["is_canceled"]))
        except (OSError, ValueError, LookupError, TypeError):
            return cls()

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        write_private(folder / SUBMISSION_NAME, json.dumps(asdict(self)))
