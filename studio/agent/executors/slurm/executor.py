"""Submits runners to Slurm, and follows its queue with one `squeue` for all jobs."""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.agent.executors.executor import (
    EngineReport,
    EngineUnavailable,
    JobState,
)
from studio.agent.executors.slurm import commands, states
from studio.agent.executors.slurm.batch_job import KILL, REQUEUE_VARIABLE, STOP
from studio.agent.executors.slurm.commands import QueueRow
from studio.agent.executors.slurm.script import job_script
from studio.core.engine_states import EndCode, EngineState
from studio.core.job_files import (
    JOB_FILE,
    is_runner_alive,
    lock_runner,
    read_end,
    read_runner_state,
)
from studio.core.private_files import write_private
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.runner_process import PACKAGE_ROOT, RUNNER

#: How often the queue is asked for.
QUEUE_SECONDS = 5.0
#: How long a job that Slurm does not know is looked for.
UNKNOWN_SECONDS = 600.0
#: How long the end of a killed job is waited for.
KILL_SECONDS = 15.0
SUBMISSION_NAME, SCRIPT_NAME = "slurm.json", "slurm.sh"


class SlurmExecutor:
    """The handle of a job is its folder, where `slurm.json` names the Slurm job.

    Jobs are matched by a comment of their own: a controller that lost its state gives
    the same number to another job.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        settings: Mapping[str, Any],
        runner: Sequence[str] = RUNNER,
        queue_seconds: float = QUEUE_SECONDS,
    ) -> None:
        self._queue_seconds = queue_seconds
        self._environment, self._settings = dict(environment), dict(settings)
        self._runner = tuple(runner)
        self._rows: dict[str, QueueRow] = {}
        self._asked = -math.inf
        self._error = ""
        #: Since when Slurm does not know a job, by its folder.
        self._missing: dict[str, float] = {}
        self._can_requeue = bool(self._settings.get("can_requeue"))

    def start(self, folder: Path, _slot: int) -> str:
        # Fails at once where `sbatch` would wait for the controller.
        self._refresh(now=True)
        if self._error:
            raise EngineUnavailable(self._error)
        if self._job_of(folder):
            # An earlier call was accepted, and its reply was lost.
            return str(folder)
        comment = self._comment_of(folder) or f"run-studio {uuid.uuid4()}"
        self._write(folder, comment, "")
        variables = {
            AGENT_VARIABLE: str(folder),
            "PYTHONPATH": str(PACKAGE_ROOT),
            # What the job's processes cannot deliver stays with the job.
            "STUDIO_SPOOL": str(folder / "spool"),
            **({REQUEUE_VARIABLE: "1"} if self._can_requeue else {}),
        }
        text = job_script(
            self._settings,
            folder,
            name=folder.name,
            comment=comment,
            variables=variables,
            runner=self._runner,
        )
        write_private(folder / SCRIPT_NAME, text)
        job = commands.submit(str(folder / SCRIPT_NAME), str(folder), self._environment)
        self._write(folder, comment, job)
        self._rows[comment] = QueueRow(job, "PENDING", "", "", comment)
        return str(folder)

    def find(self, folder: Path) -> str | None:
        if self._comment_of(folder):
            self._refresh(now=True)
            if self._error or self._job_of(folder):
                return str(folder)
        lock = lock_runner(folder)
        if lock is None:
            return str(folder)
        try:
            # A job that is only now accepted finds nothing to do.
            (folder / JOB_FILE).unlink()
        except FileNotFoundError:
            return str(folder) if self._comment_of(folder) else None
        finally:
            os.close(lock)
        return None

    def poll(self, handle: str) -> JobState:
        folder = Path(handle)
        if not folder.exists():
            return JobState.ENDED
        self._refresh()
        row = self._row_of(folder)
        if row is not None:
            is_over = states.is_ended(row.state)
            return JobState.ENDED if is_over else JobState.RUNNING
        if self._error or is_runner_alive(folder):
            return JobState.RUNNING
        if read_end(folder) is not None:
            return JobState.ENDED
        since = self._missing.setdefault(handle, time.monotonic())
        is_given_up = time.monotonic() - since > UNKNOWN_SECONDS
        return JobState.ENDED if is_given_up else JobState.RUNNING

    def describe(self, handle: str) -> EngineReport | None:
        folder = Path(handle)
        job = self._job_of(folder)
        row = self._row_of(folder)
        if row is not None:
            return states.describe(row, can_requeue=self._can_requeue)
        if self._error:
            return EngineReport(job, None, f"Slurm: {self._error}")
        if is_runner_alive(folder):
            return EngineReport(job, EngineState.RUNNING)
        return EngineReport(
            job,
            EngineState.UNKNOWN,
            f"Slurm does not know the job {job}.",
            EndCode.UNKNOWN_JOB.value,
        )

    def stop(self, handle: str, *, force: bool) -> None:
        folder = Path(handle)
        row = self._row_of(folder)
        if row is None or states.is_ended(row.state):
            return
        try:
            if not self._has_begun(folder):
                commands.cancel(row.job, self._environment)
            else:
                # Slurm itself would send SIGTERM to all processes of the job.
                number = KILL if force else STOP
                commands.cancel(
                    row.job, self._environment, f"--signal={number:d}", "--batch"
                )
        except EngineUnavailable as error:
            self._error = str(error)
            return
        if force and not self._becomes_ended(folder):
            with contextlib.suppress(EngineUnavailable):
                commands.cancel(row.job, self._environment)
            self._becomes_ended(folder)

    def _has_begun(self, folder: Path) -> bool:
        return read_runner_state(folder) is not None

    def _becomes_ended(self, folder: Path) -> bool:
        until = time.monotonic() + KILL_SECONDS
        while time.monotonic() < until:
            self._refresh(now=True)
            row = self._row_of(folder)
            if row is None or self._error or states.is_ended(row.state):
                return True
            time.sleep(0.2)
        return False

    def _refresh(self, *, now: bool = False) -> None:
        if not now and time.monotonic() - self._asked < self._queue_seconds:
            return
        self._asked = time.monotonic()
        try:
            rows = commands.list_queue(self._environment)
        except EngineUnavailable as error:
            self._error = str(error)
            return
        self._error = ""
        self._rows = {row.comment: row for row in rows if row.comment}

    def _row_of(self, folder: Path) -> QueueRow | None:
        row = self._rows.get(self._comment_of(folder))
        if row is not None:
            self._missing.pop(str(folder), None)
        return row

    def _job_of(self, folder: Path) -> str:
        """The number of the Slurm job; empty if none was accepted."""
        content = self._read(folder)
        if content.get("job"):
            return str(content["job"])
        row = self._rows.get(str(content.get("comment", "")))
        if row is None:
            return ""
        self._write(folder, row.comment, row.job)
        return row.job

    def _comment_of(self, folder: Path) -> str:
        return str(self._read(folder).get("comment", ""))

    def _read(self, folder: Path) -> dict[str, Any]:
        try:
            content = json.loads((folder / SUBMISSION_NAME).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, folder: Path, comment: str, job: str) -> None:
        text = json.dumps({"comment": comment, "job": job})
        write_private(folder / SUBMISSION_NAME, text)
