"""Slurm's states of jobs, and what each means for a run.

Source: "JOB STATE CODES" of squeue(1), Slurm 24.11.
"""

from __future__ import annotations

import re

from studio.agent.executors.executor import EngineReport
from studio.agent.executors.slurm.commands import QueueRow
from studio.core.compute_kinds import EndCode, EngineState

_STATES = {
    "PENDING": EngineState.QUEUED,
    "REQUEUED": EngineState.QUEUED,
    "REQUEUE_FED": EngineState.QUEUED,
    "REQUEUE_HOLD": EngineState.QUEUED,
    "SPECIAL_EXIT": EngineState.QUEUED,
    "RESV_DEL_HOLD": EngineState.QUEUED,
    "CONFIGURING": EngineState.PREPARING,
    "POWER_UP_NODE": EngineState.PREPARING,
    "RUNNING": EngineState.RUNNING,
    "RESIZING": EngineState.RUNNING,
    "SIGNALING": EngineState.RUNNING,
    "SUSPENDED": EngineState.PAUSED,
    "STOPPED": EngineState.PAUSED,
    "COMPLETING": EngineState.FINALIZING,
    "STAGE_OUT": EngineState.FINALIZING,
}
#: As Slurm spells it.
CANCELED = "CANCELLED"
#: Without a code the runner's own end counts, or the run is lost.
_ENDS = {
    "COMPLETED": "",
    "FAILED": "",
    CANCELED: EndCode.CANCELED.value,
    "BOOT_FAIL": EndCode.LAUNCH_FAILED.value,
    "LAUNCH_FAILED": EndCode.LAUNCH_FAILED.value,
    "DEADLINE": EndCode.TIME_LIMIT.value,
    "TIMEOUT": EndCode.TIME_LIMIT.value,
    "NODE_FAIL": EndCode.NODE_LOST.value,
    "OUT_OF_MEMORY": EndCode.OUT_OF_MEMORY.value,
    "PREEMPTED": EndCode.PREEMPTED.value,
    "REVOKED": EndCode.CANCELED.value,
}
#: Slurm's reasons of a job that FAILED before its script ran.
_LAUNCH_REASONS = ("BadConstraints", "JobLaunchFailure", "PartitionDown")
_EXCEEDED = re.compile(r"exceeded memory limit \((\d+) > (\d+)\)")
_MEMORY_WORDS = ("exceeded memory limit", "oom_kill event", "oom-kill event")
_REPEATED = (EndCode.PREEMPTED.value, EndCode.NODE_LOST.value)


def is_ended(state: str) -> bool:
    """Whether a job in this state runs no more, and never will."""
    return state in _ENDS


def describe_row(
    row: QueueRow, log: str = "", *, can_requeue: bool, canceler: str = ""
) -> EngineReport:
    """What the row means; `log` is the end of what Slurm wrote to the job's log.

    `canceler` is the user who canceled the job, where that is known. A state of a later
    version counts as running.
    """
    reason = f" ({row.reason})" if row.reason else ""
    by = f" by {canceler}" if canceler and row.state == CANCELED else ""
    if not is_ended(row.state):
        state = _STATES.get(row.state, EngineState.RUNNING)
        return EngineReport(row.job, state, f"Slurm job {row.job}: {row.state}{reason}")
    code = _ENDS[row.state]
    if row.state == "FAILED" and row.reason in _LAUNCH_REASONS:
        code = EndCode.LAUNCH_FAILED.value
    # Without cgroups Slurm kills such a job, and says why only in its log.
    if row.state == "FAILED" and any(words in log for words in _MEMORY_WORDS):
        code = EndCode.OUT_OF_MEMORY.value
    return EngineReport(
        row.job,
        None,
        f"Slurm job {row.job}: {row.state}{by}{reason}{_describe_memory(log)}",
        code,
        can_repeat=can_requeue and code in _REPEATED,
    )


def _describe_memory(log: str) -> str:
    """The peak, where Slurm counts the memory itself; it logs bytes."""
    found = _EXCEEDED.findall(log)
    if not found:
        return ""
    used, limit = max((int(used), int(limit)) for used, limit in found)
    return f". The peak was {used // 2**20} MB of {limit // 2**20} MB"
