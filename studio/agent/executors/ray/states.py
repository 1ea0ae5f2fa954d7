"""Ray's states of jobs, and what each means for a run.

Source: `JobStatus` and `JobErrorType` of Ray 2.60.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from studio.agent.executors.executor import EngineReport
from studio.agent.executors.ray.jobs_api import RayJob
from studio.core.compute_kinds import EndCode, EngineState

_ENDS = ("SUCCEEDED", "FAILED", "STOPPED")
#: Ray gives up a job that waits longer for its resources.
START_TIMEOUT = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
_ENTRYPOINT_FAILED = "JOB_ENTRYPOINT_COMMAND_ERROR"
#: Why Ray's process for a job was lost.
_LOST = ("JOB_SUPERVISOR_ACTOR_DIED", "JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE")
_MEMORY_WORDS = re.compile(r"out of memory|low on memory|OutOfMemory|memory monitor")
MAX_WORDS = 1500


def is_ended(job: RayJob) -> bool:
    """Whether the job runs no more, and never will."""
    return job.status in _ENDS


def describe_job(job: RayJob, *, has_begun: bool, can_requeue: bool) -> EngineReport:
    """What it means, unless the job is pending. `has_begun`: its runner started."""
    words = f"Ray job {job.id}: {job.status}. {shorten(job.message)}".rstrip()
    if job.status not in _ENDS:
        return EngineReport(job.id, EngineState.RUNNING, words)
    code = _end_code(job, has_begun=has_begun)
    can_repeat = can_requeue and code == EndCode.NODE_LOST
    return EngineReport(job.id, None, words, code, can_repeat=can_repeat)


def list_lacks(
    needed: Mapping[str, float], usage: Mapping[str, tuple[float, float]]
) -> list[str]:
    """The resources that are not free now, each in words."""
    lacks = []
    for name, amount in needed.items():
        used, total = usage.get(name, (0.0, 0.0))
        if amount > total - used:
            lacks.append(
                f"{_number(name, amount)} {name} needed, {_number(name, used)} of "
                f"{_number(name, total)} in use"
            )
    return lacks


def describe_pending(
    job: RayJob, lacks: Sequence[str], *, has_packages: bool
) -> EngineReport:
    """What a job waits for: resources, the packages of its environment, or its turn."""
    if lacks:
        text = f"waiting for resources ({'; '.join(lacks)})."
        return EngineReport(job.id, EngineState.QUEUED, f"Ray job {job.id}: {text}")
    state = EngineState.PREPARING if has_packages else EngineState.QUEUED
    words = f"Ray job {job.id}: PENDING. {shorten(job.message)}".rstrip()
    return EngineReport(job.id, state, words)


def shorten(text: str) -> str:
    """One paragraph of Ray's message: its beginning, and its end, which says more."""
    text = text.strip()
    if len(text) <= MAX_WORDS:
        return text
    return f"{text[:300]} … {text[300 - MAX_WORDS :]}"


def _end_code(job: RayJob, *, has_begun: bool) -> str:
    """Without a code the runner's own end counts, or the run is lost."""
    if job.status == "STOPPED":
        return EndCode.CANCELED.value
    if job.error in _LOST:
        is_memory = _MEMORY_WORDS.search(job.message)
        code = EndCode.OUT_OF_MEMORY if is_memory else EndCode.NODE_LOST
        return code.value
    if job.status == "SUCCEEDED" or (job.error == _ENTRYPOINT_FAILED and has_begun):
        return ""
    return EndCode.LAUNCH_FAILED.value


def _number(name: str, amount: float) -> str:
    return f"{amount / 2**30:.1f} GiB" if "memory" in name else f"{amount:g}"
