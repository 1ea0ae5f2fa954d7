"""Submits runners to Slurm, and follows its queue with one `squeue` for all jobs."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from studio.agent.executors.executor import (
    EngineReport,
    EngineSurvey,
    EngineUnavailable,
    JobState,
    MayStart,
)
from studio.agent.executors.slurm import commands, states
from studio.agent.executors.slurm.arrays import (
    ArrayGate,
    WaitingSubmission,
    link_tasks,
    submit_in_parts,
)
from studio.agent.executors.slurm.commands import QueueRow, task_comment
from studio.agent.executors.slurm.nodes import with_nodes
from studio.agent.executors.slurm.queue import FEW_SECONDS, SlurmQueue
from studio.agent.executors.slurm.submission import (
    KILL,
    SCRIPT_NAME,
    STOP,
    Submission,
)
from studio.core.compute_kinds import (
    SLURM_LOG,
    SLURM_WRAPPER,
    EndCode,
    EngineState,
    slurm_array_script,
    slurm_script,
)
from studio.core.job_files import (
    Withdrawal,
    is_runner_alive,
    read_end,
    read_runner_state,
    withdraw_job,
)
from studio.core.private_files import write_private
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.runner_process import PACKAGE_ROOT, RUNNER

#: How long a job that Slurm does not know is looked for.
UNKNOWN_SECONDS = 600.0
#: More at once make a controller slower, not faster.
MAX_CANCELS = 4
#: How long the end of a killed job is waited for.
KILL_SECONDS = 15.0
#: How much of the end of Slurm's log is read for the reason of an end.
MAX_LOG_BYTES = 10_000


def _read_end_of_log(folder: Path) -> str:
    """What Slurm wrote last; empty if it wrote nothing."""
    try:
        with (folder / SLURM_LOG).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - MAX_LOG_BYTES))
            return log.read().decode(errors="replace")
    except OSError:
        return ""


class SlurmExecutor:
    """The handle of a job is its folder, where `slurm.json` names the Slurm job."""

    #: More wait at a time than this starts commands: they become an array.
    max_calls: ClassVar[int] = 100
    log_name: ClassVar[str] = SLURM_LOG

    def __init__(
        self,
        environment: Mapping[str, str],
        settings: Mapping[str, Any],
        runner: Sequence[str] = RUNNER,
        *,
        queue_seconds: float = FEW_SECONDS,
        unknown_seconds: float = UNKNOWN_SECONDS,
    ) -> None:
        self._environment, self._settings = dict(environment), dict(settings)
        self._runner, self._unknown_seconds = tuple(runner), unknown_seconds
        self._queue = SlurmQueue(self._environment, queue_seconds)
        self.gate = ArrayGate(self._submit_all)
        self._cancels = threading.BoundedSemaphore(MAX_CANCELS)
        self._submissions: dict[str, Submission] = {}
        #: Since when Slurm does not know a job, by its folder.
        self._missing: dict[str, float] = {}
        #: Who canceled a job in Slurm, by its folder; empty where no one is known.
        self._cancelers: dict[str, str] = {}
        #: Whether Slurm keeps accounts of jobs, as far as is known.
        self._has_accounting = True
        #: Whether Slurm had no room for the last submission.
        self._is_full = False
        self._can_requeue = bool(self._settings.get("can_requeue"))

    def start(self, folder: Path, _slot: int, *, may_start: MayStart = None) -> str:
        # The folder of an earlier job can have had the same name.
        self._submissions.pop(str(folder), None)
        self._cancelers.pop(str(folder), None)
        submission = self._submission_of(folder)
        # It fails at once where `sbatch` would wait for the controller.
        self._queue.refresh(now=bool(submission.comment))
        if self._queue.error:
            raise EngineUnavailable(self._queue.error)
        if self._submission_of(folder).job:
            # An earlier call was accepted, and its reply was lost.
            return str(folder)
        options = json.dumps(with_nodes(self._settings, folder), sort_keys=True)
        self.gate.pass_through(WaitingSubmission(folder, options, may_start))
        return str(folder)

    def _submit_all(self, batch: Sequence[WaitingSubmission]) -> None:
        self._is_full = submit_in_parts(batch, self._submit_part, is_full=self._is_full)

    def _submit_part(self, part: Sequence[WaitingSubmission]) -> None:
        if len(part) == 1:
            self._submit_alone(part[0].folder)
        else:
            self._submit_array(part)

    def _submit_alone(self, folder: Path) -> None:
        submission = self._submission_of(folder)
        if not submission.comment or "/" in submission.comment:
            submission = Submission.new(can_requeue=self._can_requeue)
        self._prepare(folder, submission, SCRIPT_NAME)
        job = self._submit(folder / SCRIPT_NAME)
        self._note_job(folder, submission, job)

    def _submit_array(self, batch: Sequence[WaitingSubmission]) -> None:
        array = Submission.new(can_requeue=self._can_requeue)
        # A task whose reply was lost must not execute the script of a later job.
        name = f"{array.comment}.sh"
        tasks: list[tuple[Path, Submission]] = []
        for one in batch:
            task = replace(array, comment=task_comment(array.comment, len(tasks)))
            try:
                self._prepare(one.folder, task, name)
            except OSError as error:
                # Such as a full quota: the others can still have room.
                one.error = error
            else:
                tasks.append((one.folder, task))
        if not tasks:
            return
        place = link_tasks(array.comment, [folder for folder, _task in tasks])
        text = slurm_array_script(
            with_nodes(self._settings, tasks[0][0]),
            place,
            name,
            comment=array.comment,
            tasks=len(tasks),
        )
        write_private(place / SCRIPT_NAME, text)
        job = self._submit(place / SCRIPT_NAME)
        for number, (folder, task) in enumerate(tasks):
            self._note_job(folder, task, f"{job}_{number}")

    def _prepare(self, folder: Path, submission: Submission, script: str) -> None:
        self._note(folder, submission)
        write_private(folder / script, self._script(folder, submission.comment))

    def _submit(self, script: Path) -> str:
        try:
            return commands.submit(str(script), str(script.parent), self._environment)
        except EngineUnavailable as error:
            self._queue.error = str(error)
            raise

    def _note_job(self, folder: Path, submission: Submission, job: str) -> None:
        """Note what Slurm accepted. Without room on the disk, it knows the comment."""
        noted = self._submissions[str(folder)] = replace(submission, job=job)
        with contextlib.suppress(OSError):
            self._note(folder, noted)
        self._queue.add(QueueRow(job, "PENDING", "", "", submission.comment))

    def _script(self, folder: Path, comment: str) -> str:
        variables = {
            AGENT_VARIABLE: str(folder),
            "PYTHONPATH": str(PACKAGE_ROOT),
            # What the job's processes cannot deliver stays with the job.
            "STUDIO_SPOOL": str(folder / "spool"),
        }
        wrapper = (sys.executable, "-m", SLURM_WRAPPER, str(folder), comment)
        return slurm_script(
            with_nodes(self._settings, folder),
            folder,
            name=folder.name,
            comment=comment,
            variables=variables,
            command=(*wrapper, *self._runner),
        )

    def find(self, folder: Path) -> str | None:
        comment = self._submission_of(folder).comment
        if comment:
            self._queue.refresh()
            if self._queue.error or self._submission_of(folder).job:
                return str(folder)
        withdrawal = withdraw_job(folder)
        is_known = withdrawal is Withdrawal.TOO_LATE and bool(comment)
        return str(folder) if is_known or withdrawal is Withdrawal.RUNNING else None

    def poll(self, handle: str) -> JobState:
        folder = Path(handle)
        self._queue.refresh()
        row = self._row_of(folder)
        if row is not None:
            is_over = states.is_ended(row.state)
            return JobState.ENDED if is_over else JobState.RUNNING
        if not folder.exists():
            return JobState.ENDED
        if self._queue.error or is_runner_alive(folder):
            return JobState.RUNNING
        if read_end(folder) is not None:
            return JobState.ENDED
        since = self._missing.setdefault(handle, time.monotonic())
        is_given_up = time.monotonic() - since > self._unknown_seconds
        return JobState.ENDED if is_given_up else JobState.RUNNING

    def describe(self, handle: str) -> EngineReport | None:
        folder = Path(handle)
        job = self._submission_of(folder).job
        if self._queue.error:
            return EngineReport(job, None, f"Slurm: {self._queue.error}")
        row = self._row_of(folder)
        if row is not None:
            log = _read_end_of_log(folder) if states.is_ended(row.state) else ""
            return states.describe_row(
                row,
                log,
                can_requeue=self._can_requeue,
                canceler=self._cancelers.get(handle, ""),
            )
        if is_runner_alive(folder):
            return EngineReport(job, EngineState.RUNNING)
        return EngineReport(
            job,
            EngineState.UNKNOWN,
            f"Slurm does not know the job {job}.",
            EndCode.UNKNOWN_JOB.value,
        )

    def survey(self) -> EngineSurvey | None:
        try:
            partition = str(self._settings.get("partition", ""))
            return commands.survey(self._environment, partition)
        except EngineUnavailable as error:
            return EngineSurvey(problem=str(error))

    def stop(self, handle: str, *, force: bool) -> None:
        folder = Path(handle)
        row = self._row_of(folder)
        if row is None or states.is_ended(row.state):
            if row is not None and row.state == states.CANCELED:
                self._find_canceler(handle, row.job)
            return
        # A cancel of the server, whose own history says by whom.
        self._cancelers[handle] = ""
        try:
            if read_runner_state(folder) is None:
                self._cancel(row.job)
            else:
                # Slurm itself would send SIGTERM to all processes of the job.
                number = KILL if force else STOP
                self._cancel(row.job, f"--signal={number:d}", "--batch")
        except EngineUnavailable as error:
            self._queue.error = str(error)
            return
        if force and not self._becomes_ended(folder):
            with contextlib.suppress(EngineUnavailable):
                self._cancel(row.job)
            self._becomes_ended(folder)

    def _find_canceler(self, handle: str, job: str) -> None:
        """Ask for who canceled a job, unless its runner has noted that already."""
        if handle in self._cancelers or read_end(Path(handle)) is not None:
            return
        with self._cancels:
            if not self._has_accounting:
                return
            try:
                name = commands.find_canceler(job, self._environment)
            except EngineUnavailable:
                self._has_accounting = False
            else:
                self._cancelers[handle] = name

    def _cancel(self, job: str, *options: str) -> None:
        with self._cancels:
            commands.cancel(job, self._environment, *options)

    def _becomes_ended(self, folder: Path) -> bool:
        until = time.monotonic() + KILL_SECONDS
        while time.monotonic() < until:
            self._queue.refresh(now=True)
            row = self._row_of(folder)
            if row is None or self._queue.error or states.is_ended(row.state):
                return True
            # Many are stopped at once when a sweep is canceled.
            time.sleep(max(0.2, self._queue.pause / 5))
        return False

    def _row_of(self, folder: Path) -> QueueRow | None:
        row = self._queue.find(self._submission_of(folder).comment)
        if row is not None:
            self._missing.pop(str(folder), None)
        return row

    def _submission_of(self, folder: Path) -> Submission:
        """What was submitted for the folder; the number, if the queue has it."""
        found = self._submissions.get(str(folder))
        if found is None:
            found = self._submissions[str(folder)] = Submission.read(folder)
        if found.comment and not found.job:
            row = self._queue.find(found.comment)
            if row is not None:
                found = replace(found, job=row.job)
                self._note(folder, found)
        return found

    def _note(self, folder: Path, submission: Submission) -> None:
        submission.write(folder)
        self._submissions[str(folder)] = submission
