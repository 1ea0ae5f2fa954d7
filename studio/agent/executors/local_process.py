"""Runs jobs as processes of this machine, which outlive the agent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from studio.agent.executors.executor import (
    EngineReport,
    EngineSurvey,
    JobState,
    MayStart,
)
from studio.agent.executors.process_table import (
    boot_id,
    end_orphans,
    kill_all,
    kill_job,
)
from studio.core.compute_kinds import EndCode
from studio.core.job_files import (
    Withdrawal,
    lock_runner,
    read_runner_state,
    withdraw_job,
)
from studio.runner import RecentMemory
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.process_tree import list_descendants
from studio.sdk.runner_process import PACKAGE_ROOT, RUNNER, start_runner_process

BOOT_NAME = "boot"


class LocalProcessExecutor:
    """The handle of a job is its folder: the runner holds `runner.lock` in it.

    `environment` is the whole environment of the runners. With `devices`, a job gets
    the one of its slot as `CUDA_VISIBLE_DEVICES`.
    """

    #: A process that is only being started looks like an orphan.
    max_calls: ClassVar[int] = 0
    log_name: ClassVar[str] = ""

    def __init__(
        self,
        environment: Mapping[str, str],
        devices: Sequence[str] = (),
        runner: Sequence[str] = RUNNER,
    ) -> None:
        self._environment, self._devices = dict(environment), tuple(devices)
        self._runner = tuple(runner)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        #: What the system counts while these run.
        self._memory: dict[str, RecentMemory] = {}
        self._kill_reasons: dict[str, str] = {}
        #: Jobs whose runner lived when this process looked.
        self._seen: set[str] = set()

    def start(self, folder: Path, slot: int, *, may_start: MayStart = None) -> str:  # noqa: ARG002
        environment = {
            **self._environment,
            AGENT_VARIABLE: str(folder),
            "PYTHONPATH": str(PACKAGE_ROOT),
            # What the job's processes cannot deliver stays with the job.
            "STUDIO_SPOOL": str(folder / "spool"),
        }
        if self._devices:
            environment["CUDA_VISIBLE_DEVICES"] = self._devices[slot]
        (folder / BOOT_NAME).write_text(boot_id(), encoding="utf-8")
        self._memory[str(folder)] = RecentMemory()
        self._kill_reasons.pop(str(folder), None)
        process = start_runner_process(folder, environment, self._runner)
        self._children[str(folder)] = process
        self._seen.add(str(folder))
        return str(folder)

    def find(self, folder: Path) -> str | None:
        withdrawal = withdraw_job(folder)
        is_known = withdrawal is Withdrawal.TOO_LATE and (folder / BOOT_NAME).exists()
        return str(folder) if is_known or withdrawal is Withdrawal.RUNNING else None

    def poll(self, handle: str) -> JobState:
        child = self._children.get(handle)
        if child is not None and child.poll() is None:
            self._memory[handle].note_life()
            return JobState.RUNNING
        if child is not None and handle in self._memory:
            memory = self._memory.pop(handle)
            self._kill_reasons[handle] = memory.explain(child.returncode)
        try:
            lock = lock_runner(Path(handle))
        except (FileNotFoundError, NotADirectoryError):
            return JobState.ENDED
        except OSError:
            # Such as too many open files: nothing that runs is ended for that.
            return JobState.RUNNING
        if lock is not None:
            os.close(lock)
            return JobState.ENDED
        self._seen.add(handle)
        return JobState.RUNNING

    def describe(self, handle: str) -> EngineReport | None:
        """Why the system killed the runner, if it was because of memory."""
        reason = self._kill_reasons.get(handle, "")
        code = EndCode.OUT_OF_MEMORY.value
        return EngineReport("", None, reason, code) if reason else None

    def survey(self) -> EngineSurvey | None:
        return None

    def stop(self, handle: str, *, force: bool) -> None:
        folder = Path(handle)
        if force:
            self._kill(folder)
        elif self.poll(handle) is JobState.RUNNING:
            pid = self._runner_pid(folder)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

    def _kill(self, folder: Path) -> None:
        below: list[int] = []
        if self.poll(str(folder)) is JobState.RUNNING:
            pid = self._runner_pid(folder)
            if pid is not None:
                # Also those that dropped their variables, such as below `sudo -i`.
                below = list_descendants(pid)
                self._memory.pop(str(folder), None)
                # The runner first: it must not report what is killed after it.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        kill_all(below)
        # The group's number can belong to others long after the job's end.
        was_seen = str(folder) in self._seen
        kill_job(folder, _script_group(folder) if was_seen else None)
        self._seen.discard(str(folder))
        child = self._children.pop(str(folder), None)
        if child is not None:
            child.wait()
        end_orphans({one.pid for one in self._children.values()})

    def _runner_pid(self, folder: Path) -> int | None:
        """The runner's process, which is known to live."""
        child = self._children.get(str(folder))
        if child is not None and child.poll() is None:
            return child.pid
        state = read_runner_state(folder)
        return state.pid if state else None


def _script_group(folder: Path) -> int | None:
    """The process group of the job's script; None if this boot does not know it."""
    state = read_runner_state(folder)
    try:
        same_boot = (folder / BOOT_NAME).read_text(encoding="utf-8") == boot_id()
    except OSError:
        return None
    return state.group if state and same_boot else None
