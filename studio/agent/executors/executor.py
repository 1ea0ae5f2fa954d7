"""What an agent needs from an executor, and nothing more.

`tests/agent/test_executors.py` is the contract: each executor must pass it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar, Optional, Protocol

from studio.core.compute_kinds import EngineState

#: Whether a job that waited for others can still be started.
MayStart = Optional[Callable[[], bool]]


class JobState(Enum):
    """Whether the runner of a job still lives, or will."""

    RUNNING = "running"
    ENDED = "ended"


class EngineUnavailable(OSError):
    """The engine can't be reached now. The call is repeated later.

    Its text has the engine's own words.
    """


class SubmissionRefused(OSError):
    """The engine refused the job for good, such as for an unknown partition.

    Its text has the engine's own words.
    """


class SubmissionPostponed(OSError):
    """The engine takes no more jobs now, such as because of a quota.

    Nothing was submitted. The call is repeated later. Its text has the engine's own
    words.
    """


class StartWithdrawn(OSError):
    """The job waited for others, and must not be started any more.

    Nothing was submitted. The call can be repeated.
    """


@dataclass(frozen=True)
class EngineReport:
    """What an engine says of a job: its own number for it, the state, and the reason.

    `state` is None once the job has ended. Then `code` says how, if the engine ended it
    (`studio.core.compute_kinds.EndCode`), and `can_repeat` whether another attempt is
    worthwhile.
    """

    job: str
    state: EngineState | None
    message: str = ""
    code: str = ""
    can_repeat: bool = False


@dataclass(frozen=True)
class EngineSurvey:
    """What an engine has for the jobs of the target, and how much of it is in use.

    `unit` is what is counted, such as CPUs. `lost` is the part of `total` that can't be
    used. With a `problem`, in the engine's own words, the engine can't be used at all.
    """

    version: str = ""
    unit: str = ""
    total: int = 0
    busy: int = 0
    lost: int = 0
    problem: str = ""


class Executor(Protocol):
    """Starts runners. A handle is a text that stays valid after the agent restarts.

    Only one agent uses a job's folder. It calls `poll` and `describe` for each job
    several times a second, so these ask an engine for all jobs at once, and only now
    and then.
    """

    #: How many of `start` and `stop` can run in threads at a time, though never two
    #: starts of one job; 0 without threads. The other calls are the agent's loop's.
    max_calls: ClassVar[int]
    #: The file in a job's folder with what the engine itself wrote; empty without one.
    log_name: ClassVar[str]

    def start(self, folder: Path, slot: int, *, may_start: MayStart = None) -> str:
        """Start the runner of a job's folder and return its handle.

        `slot` is a number from 0 that no other running job has, unless that one lends
        it. A call that waits for those of other jobs asks `may_start` when its turn
        comes, and raises StartWithdrawn. Raises EngineUnavailable, after which the call
        can be repeated and starts no second runner; SubmissionPostponed;
        SubmissionRefused; OSError if the runner cannot be started here.
        """

    def find(self, folder: Path) -> str | None:
        """The handle of a job that an earlier agent started, running or ended.

        None if that agent ended before it started the runner. Then the runner never
        starts from this folder, not even late.
        """

    def poll(self, handle: str) -> JobState:
        """Whether the runner lives. A handle that is not known has ended."""

    def describe(self, handle: str) -> EngineReport | None:
        """What the engine says of the job; None without an engine."""

    def survey(self) -> EngineSurvey | None:
        """What the engine has; None without an engine. Called from another thread."""

    def stop(self, handle: str, *, force: bool) -> None:
        """Ask the runner to stop its script; with `force` end all processes at once.

        After `force` no process of the job is left. Of a job that has ended, `force`
        ends the processes that its script left behind. Calling it again is harmless.
        """
