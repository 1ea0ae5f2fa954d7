"""Runs in a Slurm job: starts the runner of a folder, and leaves no process behind.

`python -m studio.agent.executors.slurm.batch_job FOLDER COMMENT RUNNER…`. The agent's
own signals are STOP and KILL. SIGTERM is Slurm's, to all processes of the job: then
this one notes why, because else the run would look as if a member had canceled it. The
runner waits for the note of each stop before it ends.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from studio.agent.executors.executor import EngineUnavailable
from studio.agent.executors.process_table import kill_all, kill_job
from studio.agent.executors.slurm.commands import find_canceler
from studio.agent.executors.slurm.submission import KILL, STOP, Submission
from studio.core.compute_kinds import EndCode
from studio.core.job_files import (
    LOST,
    NOTED_STOPS_VARIABLE,
    read_runner_state,
    read_stop_request,
    write_stop_reason,
)
from studio.core.statuses import RunStatus
from studio.sdk.process_tree import become_subreaper, list_descendants
from studio.sdk.runner_process import start_runner_process

#: Slurm checks time limits only now and then, and never early.
LIMIT_MARGIN_SECONDS = 1.0
#: How long Slurm is asked why it ends the job. With accounting, it is less than the
#: runner waits for the note.
REASON_SECONDS = 8.0
#: Slurm's states of a job that it is still to run.
_LIVE_STATES = frozenset({"RUNNING", "COMPLETING", "CONFIGURING", "SIGNALING"})
KILLED_EXIT_CODE = 137


def main(folder: Path, comment: str, runner: list[str]) -> int:
    """Wait for the runner; the exit code of the batch script."""
    if Submission.read(folder).comment != comment:
        # An agent that was killed submitted it. The folder belongs to a later job.
        return 0
    limit = _end_of_limit(os.environ)
    become_subreaper()
    received: list[int] = []
    for number in (STOP, KILL, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: received.append(number))
    variables = {**os.environ, NOTED_STOPS_VARIABLE: "on"}
    process = start_runner_process(folder, variables, runner)
    while process.poll() is None:
        if KILL in received:
            # The runner first: it must not report what is killed after it.
            process.kill()
            process.wait()
            _end_all(folder)
            return KILLED_EXIT_CODE
        if received:
            _note_stop(folder, limit, is_ours=STOP in received)
            received.clear()
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    _end_all(folder)
    return process.returncode


def _end_all(folder: Path) -> None:
    """Kill what the script left, also what left its session or dropped variables."""
    state = read_runner_state(folder)
    kill_all(list_descendants(os.getpid()))
    kill_job(folder, state.group if state else None)
    # What was just being started has come to this process, a subreaper.
    kill_all(list_descendants(os.getpid()))


def _note_stop(folder: Path, limit: float, *, is_ours: bool) -> None:
    if not read_stop_request(folder):
        reason, status = ("", "") if is_ours else _find_reason(folder, limit)
        with contextlib.suppress(OSError):
            write_stop_reason(folder, reason, status=status)


def _find_reason(folder: Path, limit: float) -> tuple[str, str]:
    """Why Slurm ends the job, and the status of the run."""
    states = _wait_for_reason(limit)
    status = RunStatus.FAILED.value
    if "TIMEOUT" in states or time.monotonic() > limit:
        return f"{EndCode.TIME_LIMIT}: the time limit of the Slurm job is over.", status
    if "PREEMPTED" in states:
        status = LOST if Submission.read(folder).can_requeue else status
        return f"{EndCode.PREEMPTED}: Slurm gave the node to another job.", status
    return f"The job was canceled in Slurm{_find_canceler()}.", ""


def _find_canceler() -> str:
    """Such as " by alice"; empty without accounting."""
    try:
        name = find_canceler(_own_number(os.environ), os.environ)
    except EngineUnavailable:
        return ""
    return f" by {name}" if name else ""


def _own_number(environment: Mapping[str, str]) -> str:
    """Slurm's number of this job, or of this task of an array."""
    if "SLURM_ARRAY_JOB_ID" not in environment:
        return environment.get("SLURM_JOB_ID", "")
    # One of the tasks has the array's number for its own.
    return f"{environment['SLURM_ARRAY_JOB_ID']}_{environment['SLURM_ARRAY_TASK_ID']}"


def _end_of_limit(environment: Mapping[str, str]) -> float:
    """When the limit that the job had at its start is over, on this node's own clock.

    The times are those of the controller, whose clock can differ.
    """
    start = environment.get("SLURM_JOB_START_TIME", "")
    end = environment.get("SLURM_JOB_END_TIME", "")
    if not (start.isdecimal() and end.isdecimal()):
        return math.inf
    return time.monotonic() + int(end) - int(start) - LIMIT_MARGIN_SECONDS


def _wait_for_reason(limit: float) -> set[str]:
    """The states that say why Slurm ends the job; its signal can come before them."""
    until = time.monotonic() + REASON_SECONDS
    while True:
        states = set(_ask_states(until - time.monotonic())) - _LIVE_STATES
        if states or time.monotonic() > min(limit, until):
            return states
        time.sleep(0.2)


def _ask_states(seconds: float) -> list[str]:
    """Slurm's states of this job, such as PREEMPTED and COMPLETING."""
    words = ["squeue", "--json", "-j", _own_number(os.environ)]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=max(seconds, 1), check=True
        )
        return list(json.loads(done.stdout)["jobs"][0]["job_state"])
    except (OSError, ValueError, LookupError, TypeError, subprocess.SubprocessError):
        return []


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
