"""What engines such as Slurm say of a job, in words that fit each engine."""

from __future__ import annotations

from enum import Enum

from studio.core.statuses import RunStatus


class EngineState(str, Enum):
    """The state of a job that has not ended.

    UNKNOWN: the engine has forgotten it. UNREACHABLE: its machine can't be asked, so
    only the run's own heartbeats tell whether it goes on.
    """

    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    FINALIZING = "finalizing"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"

    # Otherwise the text would be `EngineState.QUEUED`.
    def __str__(self) -> str:
        return self.value


class EndCode(str, Enum):
    """Why an engine ended a job; the error of the run begins with it."""

    CANCELED = "Canceled"
    LAUNCH_FAILED = "LaunchFailed"
    NODE_LOST = "NodeLost"
    OUT_OF_MEMORY = "OutOfMemory"
    PREEMPTED = "Preempted"
    TIME_LIMIT = "TimeLimit"
    UNKNOWN_JOB = "UnknownJob"

    def __str__(self) -> str:
        return self.value


#: The status of a run whose runner does not report one itself, if the state has one.
STATUS_OF_STATE = {
    EngineState.QUEUED: RunStatus.QUEUED,
    EngineState.PREPARING: RunStatus.PREPARING,
    EngineState.RUNNING: RunStatus.STARTING,
    EngineState.PAUSED: RunStatus.PAUSED,
    EngineState.FINALIZING: RunStatus.FINALIZING,
    EngineState.UNKNOWN: RunStatus.NOT_RESPONDING,
}
