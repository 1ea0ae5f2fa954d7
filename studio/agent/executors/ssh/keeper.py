"""Keeps a job on the other machine: its runner, then what the runner leaves.

`python -m studio.agent.executors.ssh.keeper FOLDER RUNNER…`. It ends the processes that
outlive the runner, and delivers what was logged: no agent needs to be connected. STOP
asks the runner to end, KILL ends all processes at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from studio.agent.executors.process_table import boot_id, kill_all, kill_job
from studio.agent.executors.ssh.job_place import (
    DELIVERY_FILE,
    KEEPER_FILE,
    RESULT_FILE,
    STOPPED_FILE,
    lock_keeper,
    note_process,
    read_place,
    write_place,
)
from studio.agent.leftovers import deliver_leftovers, has_leftovers
from studio.core.compute_kinds import EndCode
from studio.core.job_files import (
    JOB_FILE,
    LOST,
    is_runner_alive,
    read_end,
    read_runner_state,
)
from studio.runner import MemoryWatch
from studio.sdk.client import Client
from studio.sdk.process_tree import become_subreaper, list_descendants
from studio.sdk.runner_process import start_runner_process

#: What a station sends.
STOP, KILL = signal.SIGUSR2, signal.SIGUSR1
POLL_SECONDS = 0.1
#: How long what the runner left is tried to be delivered, and each attempt.
DELIVERY_SECONDS, ATTEMPT_SECONDS, PAUSE_SECONDS = 600.0, 30.0, 5.0


def main(folder: Path, runner: list[str]) -> int:
    lock = lock_keeper(folder)
    if lock is None or (folder / STOPPED_FILE).exists():
        return 0
    earlier = read_place(folder, KEEPER_FILE)
    boot = str(earlier.get("boot") or boot_id())
    note_process(folder, KEEPER_FILE, os.getpid(), boot=boot)
    _Keeper(folder, runner).run(earlier)
    os.close(lock)
    return 0


class _Killed(Exception):
    """All processes end at once."""


class _Keeper:
    def __init__(self, folder: Path, runner: list[str]) -> None:
        self._folder, self._runner = folder, runner
        self._received: list[int] = []
        become_subreaper()
        for number in (STOP, KILL):
            signal.signal(number, lambda number, _frame: self._received.append(number))

    def run(self, earlier: dict[str, object]) -> None:
        """Keep the job to its end; `earlier` names a keeper that was killed."""
        code, message = "", ""
        is_this_boot = earlier.get("boot", boot_id()) == boot_id()
        try:
            if earlier:
                self._await_runner()
            elif reason := self._run_runner():
                code, message = EndCode.OUT_OF_MEMORY.value, reason
            end_processes(self._folder, is_this_boot=is_this_boot)
            if read_end(self._folder) is None and not is_this_boot:
                code = EndCode.NODE_LOST.value
                message = "The machine was started again."
            self._deliver()
        except _Killed:
            end_processes(self._folder, is_this_boot=is_this_boot)
        with contextlib.suppress(OSError):
            write_place(self._folder, RESULT_FILE, {"code": code, "message": message})

    def _run_runner(self) -> str:
        """Why the runner was killed, if for memory."""
        memory = MemoryWatch.begin()
        process = start_runner_process(self._folder, os.environ, self._runner)
        while process.poll() is None:
            self._pass_on(process)
            time.sleep(POLL_SECONDS)
        return memory.explain(process.returncode)

    def _await_runner(self) -> None:
        """Wait for the runner of an earlier keeper."""
        while is_runner_alive(self._folder):
            self._pass_on(None)
            time.sleep(POLL_SECONDS)

    def _pass_on(self, process: subprocess.Popen[bytes] | None) -> None:
        """Give the runner what was received. Raises _Killed."""
        received = []
        # One by one: a signal can come at any moment.
        while self._received:
            received.append(self._received.pop(0))
        if not received:
            return
        state = read_runner_state(self._folder)
        pid = process.pid if process else (state.pid if state else None)
        is_kill = KILL in received
        if pid is not None:
            # The runner first: it must not report what is killed after it.
            below = list_descendants(pid) if is_kill else []
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if is_kill else signal.SIGTERM)
            kill_all(below)
        if is_kill:
            if process:
                process.wait()
            raise _Killed

    def _deliver(self) -> None:
        """Send what the job's processes could not. Raises _Killed."""
        place = read_place(self._folder, DELIVERY_FILE)
        spool, end = self._folder / "spool", time.monotonic() + DELIVERY_SECONDS
        found = read_end(self._folder)
        is_lost = found is None or found.status == LOST
        while place and has_leftovers(spool) and time.monotonic() < end:
            client = Client(
                place["url"], place["token"], place["workspace"], attempts=1
            )
            is_complete = deliver_leftovers(
                spool, client, place["run"], is_lost=is_lost, seconds=ATTEMPT_SECONDS
            )
            # The next attempt of a lost run does not wait long for this one's log.
            if is_complete or is_lost:
                break
            pause = time.monotonic() + PAUSE_SECONDS
            while time.monotonic() < pause:
                self._pass_on(None)
                time.sleep(POLL_SECONDS)
        for name in (DELIVERY_FILE, JOB_FILE):
            with contextlib.suppress(OSError):
                (self._folder / name).unlink()


def end_processes(folder: Path, *, is_this_boot: bool) -> None:
    """Kill what the job left, also what left its session or dropped its variables.

    The numbers of groups mean something else once the machine was started again.
    """
    state = read_runner_state(folder)
    kill_all(list_descendants(os.getpid()))
    kill_job(folder, state.group if state and is_this_boot else None)
    # What was just being started has come to this process, a subreaper.
    kill_all(list_descendants(os.getpid()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
