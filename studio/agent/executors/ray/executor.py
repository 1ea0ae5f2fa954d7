"""Submits runners to Ray, and follows them with one list of jobs for all."""

from __future__ import annotations

import contextlib
import math
import sys
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
    SubmissionRefused,
)
from studio.agent.executors.process_table import kill_job
from studio.agent.executors.ray import states
from studio.agent.executors.ray.jobs_api import DEFAULT_ADDRESS, RayJob, RayJobs
from studio.agent.executors.ray.submission import (
    KILL,
    STOP,
    Submission,
    send_request,
)
from studio.core.compute_kinds import (
    RAY_DRIVER,
    RAY_LOG,
    RAY_SCRIPT,
    EndCode,
    EngineState,
    parse_duration,
    parse_size,
    ray_request,
    ray_resources,
    ray_script,
)
from studio.core.job_files import (
    JOB_FILE,
    Withdrawal,
    is_runner_alive,
    read_end,
    read_runner_state,
    withdraw_job,
)
from studio.core.private_files import write_private
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.runner_process import PACKAGE_ROOT, RUNNER

#: How often the jobs are listed.
LIST_SECONDS = 5.0
#: How long a job that Ray does not know is looked for.
UNKNOWN_SECONDS = 600.0
#: How long the end of a killed job is waited for.
KILL_SECONDS = 15.0
MAX_CACHED = 5000


class RayExecutor:
    """The handle of a job is its folder, where `ray.json` names the submission.

    Its id is written before it is submitted, so that nothing is submitted twice.
    """

    max_calls: ClassVar[int] = 0
    log_name: ClassVar[str] = RAY_LOG

    def __init__(
        self,
        environment: Mapping[str, str],
        settings: Mapping[str, Any],
        runner: Sequence[str] = RUNNER,
        list_seconds: float = LIST_SECONDS,
        unknown_seconds: float = UNKNOWN_SECONDS,
    ) -> None:
        self._environment, self._settings = dict(environment), dict(settings)
        self._runner = tuple(runner)
        self._list_seconds, self._unknown_seconds = list_seconds, unknown_seconds
        address = str(self._settings.get("address") or DEFAULT_ADDRESS)
        self._ray = RayJobs(address, self._environment)
        self._jobs: dict[str, RayJob] = {}
        self._usage: dict[str, tuple[float, float]] = {}
        self._asked = -math.inf
        self._error = ""
        #: What was read of the folders.
        self._submissions: dict[str, Submission] = {}
        #: Since when Ray does not know a job, and what it refused, by the folder.
        self._missing: dict[str, float] = {}
        self._refused: dict[str, str] = {}
        self._can_requeue = bool(self._settings.get("can_requeue"))

    def start(self, folder: Path, _slot: int, *, may_start: MayStart = None) -> str:  # noqa: ARG002
        if self._id_of(folder) and _has_begun(folder):
            # An earlier call was accepted, and its reply was lost.
            return str(folder)
        submission = self._submission_of(folder)
        if not submission.id:
            submission = Submission.new(folder)
            self._note(folder, submission)
        self._submit(folder, submission.id)
        return str(folder)

    def find(self, folder: Path) -> str | None:
        submission = self._id_of(folder)
        if submission:
            self._refresh(now=True)
            if self._error or submission in self._jobs:
                return str(folder)
        withdrawal = withdraw_job(folder)
        is_known = withdrawal is Withdrawal.TOO_LATE and bool(submission)
        return str(folder) if is_known or withdrawal is Withdrawal.RUNNING else None

    def poll(self, handle: str) -> JobState:
        folder = Path(handle)
        if not folder.exists() or self._is_canceled(folder) or handle in self._refused:
            return JobState.ENDED
        self._refresh()
        job = None if self._error else self._job_of(folder)
        if job is None or self._has_timed_out(folder, job):
            return self._poll_unknown(folder, is_given_up=job is not None)
        if not states.is_ended(job):
            return JobState.RUNNING
        self._keep_log(folder, job.id)
        return JobState.ENDED

    def _poll_unknown(self, folder: Path, *, is_given_up: bool) -> JobState:
        """A job that Ray has lost, or `is_given_up` because it waited for long."""
        if is_runner_alive(folder):
            return JobState.RUNNING
        if read_end(folder) is not None:
            return JobState.ENDED
        if self._error:
            return JobState.RUNNING
        if not _has_begun(folder) and (folder / JOB_FILE).exists():
            return self._submit_again(folder, is_new=is_given_up)
        since = self._missing.setdefault(str(folder), time.monotonic())
        is_over = time.monotonic() - since > self._unknown_seconds
        return JobState.ENDED if is_over else JobState.RUNNING

    def describe(self, handle: str) -> EngineReport | None:
        folder = Path(handle)
        submission, job = self._id_of(folder), self._job_of(folder)
        if handle in self._refused:
            code = EndCode.LAUNCH_FAILED.value
            return EngineReport(submission, None, self._refused[handle], code)
        if self._is_canceled(folder):
            code = EndCode.CANCELED.value
            return EngineReport(submission, None, "It was stopped in Ray.", code)
        if self._error:
            return EngineReport(submission, None, f"Ray: {self._error}")
        if job is not None:
            return self._describe_known(folder, job)
        return self._describe_unknown(folder, submission)

    def _describe_known(self, folder: Path, job: RayJob) -> EngineReport:
        if job.status == "PENDING":
            needed = ray_resources(self._settings)
            lacks = states.list_lacks(needed, self._usage)
            has_packages = bool(self._settings.get("pip"))
            return states.describe_pending(job, lacks, has_packages=has_packages)
        begun, can_requeue = _has_begun(folder), self._can_requeue
        return states.describe_job(job, has_begun=begun, can_requeue=can_requeue)

    def _describe_unknown(self, folder: Path, submission: str) -> EngineReport:
        if is_runner_alive(folder):
            return EngineReport(submission, EngineState.RUNNING)
        return EngineReport(
            submission,
            EngineState.UNKNOWN,
            f"Ray does not know the job {submission}. Its head node may have been "
            "restarted.",
            EndCode.UNKNOWN_JOB.value,
            can_repeat=self._can_requeue,
        )

    def survey(self) -> EngineSurvey | None:
        try:
            usage = self._ray.read_usage()
            version = f"Ray {self._ray.read_version()}"
        except EngineUnavailable as error:
            return EngineSurvey(problem=str(error))
        unit = "GPU" if float(self._settings.get("gpus", 0)) else "CPU"
        used, total = usage.get(unit, (0.0, 0.0))
        return EngineSurvey(version, unit, int(total), math.ceil(used))

    def stop(self, handle: str, *, force: bool) -> None:
        folder = Path(handle)
        if not folder.exists():
            return
        if self._stop_unbegun(folder):
            return
        with contextlib.suppress(OSError):
            send_request(folder, KILL if force else STOP)
        if force and not self._becomes_ended(folder):
            with contextlib.suppress(EngineUnavailable):
                self._ray.stop(self._id_of(folder))
        if force:
            # Of a driver that was killed, as far as it was on this machine.
            kill_job(folder, None)

    def _stop_unbegun(self, folder: Path) -> bool:
        """Let the runner never start; False if it has."""
        withdrawal = withdraw_job(folder)
        if withdrawal is Withdrawal.RUNNING:
            return False
        if withdrawal is Withdrawal.TOO_LATE:
            return self._is_canceled(folder)
        # Ray ends a job that waits only when it gets its resources.
        self._note(folder, replace(self._submission_of(folder), is_canceled=True))
        with contextlib.suppress(EngineUnavailable):
            self._ray.stop(self._id_of(folder))
        return True

    def _becomes_ended(self, folder: Path) -> bool:
        until = time.monotonic() + KILL_SECONDS
        while time.monotonic() < until:
            job = self._job_of(folder)
            is_over = job is None or states.is_ended(job)
            if (is_over or self._error) and not is_runner_alive(folder):
                return True
            time.sleep(0.2)
            self._refresh(now=True)
        return False

    def _submit(self, folder: Path, submission: str) -> None:
        text = ray_script(
            self._settings,
            variables={
                AGENT_VARIABLE: str(folder),
                "PYTHONPATH": str(PACKAGE_ROOT),
                # What the job's processes cannot deliver stays with the job.
                "STUDIO_SPOOL": str(folder / "spool"),
            },
            defaults=self._environment,
            command=self._command(folder, submission),
        )
        write_private(folder / RAY_SCRIPT, text)
        self._ray.submit(ray_request(self._settings, folder, submission))
        self._jobs[submission] = RayJob(submission, "PENDING", "", "", None)

    def _command(self, folder: Path, submission: str) -> list[str]:
        limit, memory = self._settings.get("time_limit"), self._settings.get("memory")
        return [
            # The packages of `pip` are in an environment that is first on the PATH.
            "python" if self._settings.get("pip") else sys.executable,
            *("-m", RAY_DRIVER, str(folder), submission),
            str(parse_duration(limit) if limit else 0),
            str(parse_size(memory) if memory else 0),
            *self._runner,
        ]

    def _submit_again(self, folder: Path, *, is_new: bool) -> JobState:
        """Submit a job whose runner never began, and which Ray has given up or lost."""
        submission = self._id_of(folder)
        if is_new:
            self._note(folder, Submission.new(folder))
            submission = self._id_of(folder)
        try:
            self._submit(folder, submission)
        except EngineUnavailable as error:
            self._error = str(error)
        except SubmissionRefused as error:
            self._refused[str(folder)] = str(error)
            return JobState.ENDED
        return JobState.RUNNING

    def _has_timed_out(self, folder: Path, job: RayJob) -> bool:
        return job.error == states.START_TIMEOUT and not _has_begun(folder)

    def _keep_log(self, folder: Path, submission: str) -> None:
        path = folder / RAY_LOG
        if path.exists():
            return
        with contextlib.suppress(EngineUnavailable, OSError):
            write_private(path, self._ray.read_log(submission))

    def _refresh(self, *, now: bool = False) -> None:
        if not now and time.monotonic() - self._asked < self._list_seconds:
            return
        try:
            self._jobs = {job.id: job for job in self._ray.list_jobs()}
            if any(job.status == "PENDING" for job in self._jobs.values()):
                # What pending jobs wait for.
                self._usage = self._ray.read_usage()
            self._error = ""
        except EngineUnavailable as error:
            self._error = str(error)
        # A head that does not answer must not hold up the agent each time.
        self._asked = time.monotonic()

    def _job_of(self, folder: Path) -> RayJob | None:
        job = self._jobs.get(self._id_of(folder))
        if job is not None:
            self._missing.pop(str(folder), None)
        return job

    def _is_canceled(self, folder: Path) -> bool:
        return self._submission_of(folder).is_canceled

    def _id_of(self, folder: Path) -> str:
        return self._submission_of(folder).id

    def _submission_of(self, folder: Path) -> Submission:
        found = self._submissions.get(str(folder))
        if found is None:
            if len(self._submissions) > MAX_CACHED:
                self._submissions.clear()
            found = self._submissions[str(folder)] = Submission.read(folder)
        return found

    def _note(self, folder: Path, submission: Submission) -> None:
        submission.write(folder)
        self._submissions[str(folder)] = submission


def _has_begun(folder: Path) -> bool:
    return read_runner_state(folder) is not None
