"""What an agent needs from an executor, and nothing more.

`tests/agent/test_executors.py` is the contract: each executor must pass it.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Protocol


class JobState(Enum):
    """Whether the runner of a job still lives."""

    RUNNING = "running"
    ENDED = "ended"


class Executor(Protocol):
    """Starts runners. A handle is a text that stays valid after the agent restarts.

    Only one agent uses a job's folder, and it calls from one thread.
    """

    def start(self, folder: Path, slot: int) -> str:
        """Start the runner of a job's folder and return its handle.

        `slot` is a number from 0 that no other running job has, unless that one lends
        it. Raises OSError if the runner cannot be started.
        """

    def find(self, folder: Path) -> str | None:
        """The handle of a job that an earlier agent started, running or ended.

        None if that agent ended before it started the runner. Then the runner never
        starts from this folder, not even late.
        """

    def poll(self, handle: str) -> JobState:
        """Whether the runner lives. A handle that is not known has ended."""

    def stop(self, handle: str, *, force: bool) -> None:
        """Ask the runner to stop its script; with `force` end all processes at once.

        After `force` no process of the job is left. Of a job that has ended, `force`
        ends the processes that its script left behind. Calling it again is harmless.
        """
