"""How an agent's jobs are started, watched and stopped: one module per kind of machine.

An executor gets a job's folder. Its file `job.json` is complete, and `code/` has the
sources. The executor starts `python -m studio.runner.job FOLDER` somewhere, where that
folder can be reached. The runner reports to the server itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from studio.agent.executors.executor import Executor, JobState
from studio.agent.executors.local_process import LocalProcessExecutor
from studio.core.errors import InvalidValue

#: How agents start the runs of a target, by the target's kind.
_EXECUTORS = {"agents": LocalProcessExecutor}


def create_executor(
    kind: str, environment: Mapping[str, str], devices: Sequence[str]
) -> Executor:
    """The executor for targets of this kind; raises InvalidValue for another kind."""
    if kind not in _EXECUTORS:
        raise InvalidValue(
            f"This agent cannot serve compute targets of the kind {kind!r}. Upgrade "
            "run-studio on this machine."
        )
    return _EXECUTORS[kind](environment, devices)


__all__ = ["Executor", "JobState", "LocalProcessExecutor", "create_executor"]
