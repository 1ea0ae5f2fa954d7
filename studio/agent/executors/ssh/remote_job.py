"""A job of the executor: what the agent knows of it, kept in `ssh.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from studio.agent.executors.executor import EngineReport
from studio.core.compute_kinds import EndCode
from studio.core.private_files import write_private

STATE_FILE = "ssh.json"


class Step(Enum):
    """How far a job is: to be started, started there, ended."""

    WAITING = "waiting"
    STARTED = "started"
    ENDED = "ended"


class Wish(Enum):
    """What the agent wants of a job, apart from running it."""

    NONE = 0
    STOP = 1
    FORCE = 2


@dataclass
class RemoteJob:
    """`name` is that of its folder on the other machine, unique there."""

    folder: Path
    name: str
    slot: int = 0
    step: Step = Step.WAITING
    wish: Wish = Wish.NONE
    #: The process there.
    pid: str = ""
    #: What the last report said, apart from whether the machine can be reached.
    report: EngineReport | None = None
    #: Since when the machine does not know it.
    missing_since: float | None = None
    #: It was sent, and no reply came.
    is_uncertain: bool = False
    #: An earlier agent ended before it saw whether it was started.
    is_left: bool = False

    @classmethod
    def load(cls, folder: Path) -> RemoteJob | None:
        """The job that was begun from this folder; None if there is none."""
        try:
            content = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
            name, slot = str(content["name"]), int(content["slot"])
            step = Step(content["step"])
            code, message = str(content["code"]), str(content["message"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        is_left = step is Step.WAITING
        job = cls(folder, name, slot, step, is_uncertain=is_left, is_left=is_left)
        if step is Step.ENDED:
            job.end(code, message)
        return job

    def save(self) -> None:
        """Write what the next agent needs. Raises OSError."""
        content = {
            "name": self.name,
            "slot": self.slot,
            "step": self.step.value,
            "code": self.report.code if self.report else "",
            "message": self.report.message if self.report else "",
        }
        # The agent deletes the folder of a job that it has given up.
        if self.folder.exists():
            write_private(self.folder / STATE_FILE, json.dumps(content))

    def end(self, code: str, message: str) -> None:
        """Note that it has ended; `code` says how, if its runner did not end it."""
        self.step = Step.ENDED
        can_repeat = code == EndCode.NODE_LOST.value
        self.report = EngineReport(self.pid, None, message, code, can_repeat)
