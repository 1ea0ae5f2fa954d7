"""How an agent's jobs are started, watched and stopped: one module per kind of machine.

An executor gets a job's folder. Its file `job.json` is complete, and `code/` has the
sources. The executor starts `python -m studio.runner.job FOLDER` somewhere, where that
folder can be reached. The runner reports to the server itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.agent.executors.executor import (
    EngineReport,
    EngineSurvey,
    EngineUnavailable,
    Executor,
    JobState,
    MayStart,
    StartWithdrawn,
    SubmissionPostponed,
    SubmissionRefused,
)
from studio.agent.executors.local_process import LocalProcessExecutor
from studio.agent.executors.ray import RayExecutor
from studio.agent.executors.slurm import SlurmExecutor
from studio.agent.executors.ssh import SshExecutor
from studio.core.errors import InvalidValue


def create_executor(
    kind: str,
    settings: Mapping[str, Any],
    environment: Mapping[str, str],
    devices: Sequence[str],
) -> Executor:
    """The executor for targets of this kind; raises InvalidValue for another kind.

    `settings` are the target's (`studio.core.compute_kinds`), `devices` the GPUs of
    this machine's slots.
    """
    if kind == "agents":
        return LocalProcessExecutor(environment, devices)
    if kind == "slurm":
        return SlurmExecutor(environment, settings)
    if kind == "ssh":
        return SshExecutor(settings)
    if kind == "ray":
        return RayExecutor(environment, settings)
    raise InvalidValue(
        f"This agent cannot serve compute targets of the kind {kind!r}. Upgrade "
        "run-studio on this machine."
    )


__all__ = [
    "EngineReport",
    "EngineSurvey",
    "EngineUnavailable",
    "Executor",
    "JobState",
    "LocalProcessExecutor",
    "MayStart",
    "RayExecutor",
    "SlurmExecutor",
    "SshExecutor",
    "StartWithdrawn",
    "SubmissionPostponed",
    "SubmissionRefused",
    "create_executor",
]
