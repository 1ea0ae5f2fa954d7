"""Runs in a Ray job: starts the runner of a folder, and leaves no process behind.

`python -m studio.agent.executors.ray.driver FOLDER ID SECONDS BYTES RUNNER…`, with 0
for no limit. The agent's requests are a file in the folder, so they arrive also while
Ray can't be reached. SIGTERM is Ray's: then this process notes why the run ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from studio.agent.executors.process_table import kill_all, kill_job
from studio.agent.executors.ray.submission import (
    KILL,
    REQUEST_NAME,
    STOP,
    Submission,
)
from studio.agent.executors.ray.tree_memory import read_tree_memory
from studio.core.compute_kinds import EndCode
from studio.core.job_files import (
    NOTED_STOPS_VARIABLE,
    read_runner_state,
    read_stop_request,
    write_stop_reason,
)
from studio.core.statuses import RunStatus
from studio.sdk.process_tree import become_subreaper, list_descendants
from studio.sdk.runner_process import start_runner_process

POLL_SECONDS = 0.1
MEMORY_SECONDS = 1.0
KILLED_EXIT_CODE = 137


def main(
    folder: Path, submission: str, seconds: float, memory: int, runner: list[str]
) -> int:
    """Wait for the runner; the exit code of the job."""
    if Submission.read(folder).id != submission:
        # The agent has given this one up, and submitted another.
        return 0
    # Where Ray kills the group of the job's shell, this process cleans up.
    os.setsid()
    become_subreaper()
    driver = _Driver(folder, seconds, memory)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: driver.stop_for_ray())
    return driver.run(runner)


class _Driver:
    def __init__(self, folder: Path, seconds: float, memory: int) -> None:
        self._folder, self._seconds, self._memory = folder, seconds, memory
        self._shell = os.getppid()
        self._end = time.monotonic() + seconds if seconds else float("inf")
        self._measure_at = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def run(self, runner: list[str]) -> int:
        if self._is_stopped:
            return KILLED_EXIT_CODE
        variables = {**os.environ, NOTED_STOPS_VARIABLE: "on"}
        self._process = start_runner_process(self._folder, variables, runner)
        while self._process.poll() is None:
            if self._is_to_be_killed():
                # The runner first: it must not report what is killed after it.
                self._process.kill()
                self._process.wait()
                self._end_all()
                return KILLED_EXIT_CODE
            self._watch()
            time.sleep(POLL_SECONDS)
        self._end_all()
        return self._process.returncode

    def stop_for_ray(self) -> None:
        """Note at once that Ray wants it: the runner can have the same signal."""
        self._stop("The job was stopped in Ray.")

    def _is_to_be_killed(self) -> bool:
        # Ray's process for the job was killed, and with it the shell.
        return self._read_request() == KILL or os.getppid() != self._shell

    def _watch(self) -> None:
        now = time.monotonic()
        if self._read_request() == STOP:
            self._stop("")
        if now >= self._end:
            self._fail(
                EndCode.TIME_LIMIT,
                f"the run exceeded the target's time limit of {self._seconds:g} "
                "seconds.",
            )
        if self._memory and now >= self._measure_at:
            self._measure_at = now + MEMORY_SECONDS
            self._watch_memory()

    def _watch_memory(self) -> None:
        process = self._process
        assert process is not None
        used = read_tree_memory(os.getpid(), limit=self._memory)
        if used <= self._memory or self._is_stopped:
            return
        self._fail(
            EndCode.OUT_OF_MEMORY,
            f"the run used {used / 2**20:,.0f} MB. The target allows "
            f"{self._memory / 2**20:,.0f} MB.",
        )
        # It must not take more while it ends.
        kill_all(list_descendants(process.pid))

    def _fail(self, code: EndCode, reason: str) -> None:
        self._stop(f"{code}: {reason}", status=RunStatus.FAILED.value)

    def _stop(self, reason: str, *, status: str = "") -> None:
        if self._is_stopped:
            return
        self._is_stopped = True
        if not read_stop_request(self._folder):
            with contextlib.suppress(OSError):
                write_stop_reason(self._folder, reason, status=status)
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def _read_request(self) -> str:
        try:
            return (self._folder / REQUEST_NAME).read_text(encoding="utf-8")
        except OSError:
            return ""

    def _end_all(self) -> None:
        """Kill what the script left, also what left its session or its variables."""
        state = read_runner_state(self._folder)
        kill_all(list_descendants(os.getpid()))
        kill_job(self._folder, state.group if state else None)
        # What was just being started has come to this process, a subreaper.
        kill_all(list_descendants(os.getpid()))


if __name__ == "__main__":
    _folder, _id, _seconds, _memory, *_runner = sys.argv[1:]
    sys.exit(main(Path(_folder), _id, float(_seconds), int(_memory), _runner))
