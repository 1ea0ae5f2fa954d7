"""A command of a job: its environment's preparation, or its script."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from studio.core.cancel_signals import CancelSignal
from studio.core.compute_kinds import EndCode
from studio.core.job_files import JobFile, write_runner_state
from studio.core.statuses import RunStatus
from studio.runner.containers import Container
from studio.runner.job.job_run import JobRun
from studio.runner.ladder import SignalLadder
from studio.runner.launched_command import LaunchedCommand
from studio.runner.memory_watch import MemoryWatch
from studio.runner.process import CommandProcess
from studio.runner.received_signals import ReceivedSignals
from studio.runner.streams import OutputStream

STOPPED = "The runner was stopped."


class JobCommand(LaunchedCommand):
    """A command whose processes end with the runner, and within `max_seconds`."""

    # What outlives a job's command is ended after that.
    max_output_seconds = 5.0

    def __init__(
        self,
        folder: Path,
        job: JobFile,
        run: JobRun,
        received: ReceivedSignals,
        *,
        max_seconds: float = 0.0,
        on_pause: Callable[[float], None] = lambda _now: None,
        container: Container | None = None,
    ) -> None:
        super().__init__(
            run, received, SignalLadder(job.terminate_after, job.kill_after)
        )
        self._folder, self._job_run = folder, run
        self._max_seconds, self._on_pause = max_seconds, on_pause
        self._container = container
        self._end = time.monotonic() + max_seconds if max_seconds else float("inf")
        self._is_overdue = False
        self._memory = MemoryWatch.begin()

    @property
    def was_stopped(self) -> bool:
        """Whether it ended because it was told to."""
        return self._ladder.is_started

    def run_quietly(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        keep: Callable[[bytes], None],
    ) -> int:
        """Run it with its output going to `keep` alone; return the exit code."""
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            stream = OutputStream(null, keep)
            return self.run_to_end(
                command[0], command, environment, [stream], folder=folder
            )
        finally:
            os.close(null)

    def _start(
        self,
        program: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        streams: Sequence[OutputStream],
        folder: Path | None,
    ) -> CommandProcess:
        process = CommandProcess(
            program,
            command,
            environment,
            streams,
            folder=folder,
            dies_with_parent=True,
        )
        # On a full disk the script runs, and only a later agent misses the file.
        with contextlib.suppress(OSError):
            write_runner_state(self._folder, process.pid)
        return process

    def _watch_limits(self, now: float) -> None:
        if now >= self._end and not self._ladder.is_started:
            self._is_overdue = True
            self.message = (
                f"The run exceeded its time limit of {self._max_seconds:g} seconds "
                "(max_run_duration_seconds)."
            )
            self._ladder.start(now)
        if self._job_run.is_lost:
            self._ladder.hasten(CancelSignal.KILL, now)
        self._on_pause(now)

    def _pass_on_signals(self, _process: CommandProcess, now: float) -> None:
        for name in self._received.take():
            if name in ("SIGTERM", "SIGINT"):
                self.message = self.message or STOPPED
                # The second one does not wait for what handles SIGINT.
                if self._ladder.is_started:
                    self._ladder.hasten(CancelSignal.TERMINATE, now)
                self._ladder.start(now)

    def _send(self, process: CommandProcess, name: CancelSignal, now: float) -> None:
        if self._container is None or not self._container.send(name):
            super()._send(process, name, now)
            return
        # The engine's own process ends with its container.
        self._job_run.report_signal(name)

    def _set_status(self, code: int, errors: str) -> None:
        if self._container is not None:
            code = self._container.exit_status(code)
        super()._set_status(code, errors)
        is_in_container = self._container is not None
        reason = self._memory.explain(code, is_in_container=is_in_container)
        if reason and not self._ladder.is_started:
            found = f"{EndCode.OUT_OF_MEMORY}: {reason}"
            self.message = "\n\n".join(filter(None, (found, self.message)))
        if self._is_overdue:
            self.status = RunStatus.FAILED.value
