"""Starts, follows and stops jobs on another machine, from one thread per machine.

The agent's loop never waits for the network: it leaves wishes, and reads what the
thread last saw. Only a forced stop waits, so that nothing is left afterwards.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from studio.agent.executors.executor import (
    EngineReport,
    EngineSurvey,
    JobState,
    MayStart,
)
from studio.agent.executors.ssh.machine import Machine
from studio.agent.executors.ssh.remote_job import RemoteJob, Step, Wish
from studio.core.compute_kinds import EngineState
from studio.core.job_files import JOB_FILE
from studio.sdk.runner_process import RUNNER

#: How often the machine is asked for its jobs, and how soon after a lost connection.
POLL_SECONDS, CONNECT_AGAIN_SECONDS = 1.0, 5.0
#: How long a connection without jobs is kept.
IDLE_SECONDS = 30.0
#: How long a forced stop waits for the machine.
FORCE_SECONDS = 20.0
SURVEY_SECONDS = 30.0


class SshExecutor:
    """The handle of a job is its folder on the agent's machine."""

    #: More connections at once make a machine slower, not faster.
    max_calls: ClassVar[int] = 4
    log_name: ClassVar[str] = ""

    def __init__(
        self,
        settings: Mapping[str, Any],
        runner: Sequence[str] = RUNNER,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._machine = Machine(settings, runner)
        self._poll_seconds = poll_seconds
        self._jobs: dict[str, RemoteJob] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._has_news = False

    def start(self, folder: Path, slot: int, *, may_start: MayStart = None) -> str:  # noqa: ARG002
        with self._changed:
            if str(folder) not in self._jobs and (folder / JOB_FILE).exists():
                job = RemoteJob(folder, f"{folder.name}-{uuid.uuid4().hex[:8]}", slot)
                job.save()
                self._follow(job)
        return str(folder)

    def find(self, folder: Path) -> str | None:
        with self._changed:
            job = RemoteJob.load(folder)
            if job is not None:
                self._follow(job)
                return str(folder)
        # A start that comes only now finds nothing to do.
        (folder / JOB_FILE).unlink(missing_ok=True)
        return None

    def poll(self, handle: str) -> JobState:
        with self._changed:
            job = self._jobs.get(handle)
            if job is None or job.step is Step.ENDED or not job.folder.exists():
                return JobState.ENDED
            return JobState.RUNNING

    def describe(self, handle: str) -> EngineReport | None:
        with self._changed:
            job = self._jobs.get(handle)
            if job is None:
                return None
            error = self._machine.error
            if job.step is Step.ENDED or not error:
                return job.report
            if job.step is Step.WAITING:
                return EngineReport("", EngineState.QUEUED, error)
            return EngineReport(job.pid, EngineState.UNREACHABLE, error)

    def stop(self, handle: str, *, force: bool) -> None:
        with self._changed:
            job = self._jobs.get(handle)
            if job is None or job.step is Step.ENDED:
                return
            wish = Wish.FORCE if force else Wish.STOP
            if job.wish.value < wish.value:
                job.wish = wish
            self._wake()
            if force:
                self._changed.wait_for(
                    lambda: job.step is Step.ENDED or bool(self._machine.error),
                    FORCE_SECONDS,
                )

    def survey(self) -> EngineSurvey | None:
        """The processors of the machine; waits for an answer."""
        with self._changed:
            self._machine.survey = None
            self._wake()
            self._changed.wait_for(
                lambda: self._machine.survey is not None, SURVEY_SECONDS
            )
            found = self._machine.survey
        return found or EngineSurvey(problem=f"{self._machine.host} does not respond.")

    def _follow(self, job: RemoteJob) -> None:
        self._jobs[str(job.folder)] = job
        if job.step is Step.WAITING:
            job.report = EngineReport("", EngineState.QUEUED)
        elif job.step is Step.STARTED:
            job.report = EngineReport("", EngineState.RUNNING)
        self._wake()

    def _wake(self) -> None:
        self._has_news = True
        self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Follow the jobs until there is none for a while."""
        idle_since = time.monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._has_news, self._pause)
                self._has_news = False
                self._forget_ended()
                jobs = [job for job in self._jobs.values() if job.step != Step.ENDED]
                is_idle = time.monotonic() - idle_since > IDLE_SECONDS
                if not jobs and is_idle:
                    self._machine.disconnect()
                    self._thread = None
                    return
            if jobs or self._machine.survey is None:
                self._machine.advance(jobs, self._changed)
                idle_since = time.monotonic()

    @property
    def _pause(self) -> float:
        return CONNECT_AGAIN_SECONDS if self._machine.error else self._poll_seconds

    def _forget_ended(self) -> None:
        """Keep what the agent can still ask for."""
        for handle, job in list(self._jobs.items()):
            if job.step is Step.ENDED and not job.folder.exists():
                del self._jobs[handle]
