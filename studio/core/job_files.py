"""The files of a job's folder, by which its starter and its runner tell each other.

`job.json` says what to run; it has secrets, so the runner deletes it as it reads it.
`runner.json` says which processes run, `runner.lock` is locked while the runner lives,
`end.json` says how the run ended, `stop.json` why its starter stops it. The sources are
below `code`, or in `sources.zip`, which the runner unpacks there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any

from studio.core.cancel_signals import KILL_AFTER_SECONDS, TERMINATE_AFTER_SECONDS
from studio.core.private_files import write_private

JOB_FILE, RUNNER_FILE, END_FILE = "job.json", "runner.json", "end.json"
STOP_FILE = "stop.json"
LOCK_FILE, LOG_FILE = "runner.lock", "runner.log"
#: What a container's script could not send: it can write anything there.
CONTAINER_SPOOL = "container-spool"
CODE_FOLDER, ARCHIVE_FILE = "code", "sources.zip"
#: The end of an attempt that its runner gave up, because another one can follow.
LOST = "lost"
#: In the environment of a runner whose starter notes the reason of each SIGTERM.
NOTED_STOPS_VARIABLE = "STUDIO_NOTED_STOPS"
#: How long a runner waits for that note. An engine kills the job soon after its
#: signal: Slurm by default after 30 seconds.
NOTE_SECONDS = 15.0


@dataclass(frozen=True)
class JobFile:
    """What the runner needs to run one attempt of a run.

    `launcher` is "agent" if the run was taken from a queue: then its lease can end.
    `token` is the run's own token.
    """

    url: str
    workspace: str
    run: str
    experiment: str
    definition: dict[str, Any]
    token: str = field(repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    attempt: int = 1
    launcher: str = "runner"
    lease_seconds: float = 120.0
    terminate_after: float = TERMINATE_AFTER_SECONDS
    kill_after: float = KILL_AFTER_SECONDS
    cache_folder: str = ""


@dataclass(frozen=True)
class RunnerState:
    """The runner's process, and the process group of what it started.

    `started` tells the process from a later one with the same id.
    """

    pid: int
    started: str
    group: int | None = None


@dataclass(frozen=True)
class JobEnd:
    """How the run ended, or LOST; and whether the server knows it."""

    status: str
    is_delivered: bool


def write_job(folder: Path, job: JobFile) -> None:
    """Write `job.json`, readable by this user alone. Raises OSError."""
    write_private(folder / JOB_FILE, json.dumps(asdict(job)))


def take_job(folder: Path) -> JobFile:
    """Read and delete `job.json`. Raises OSError, ValueError."""
    path = folder / JOB_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    names = {one.name for one in fields(JobFile)}
    try:
        return JobFile(**{key: content[key] for key in names & set(content)})
    except TypeError as error:
        raise ValueError(f"{path} is incomplete: {error}") from error


def write_runner_state(folder: Path, group: int | None) -> None:
    """Name this process as the runner. Raises OSError."""
    pid = os.getpid()
    state = RunnerState(pid, process_start(pid), group)
    _write_json(folder / RUNNER_FILE, asdict(state))


def read_runner_state(folder: Path) -> RunnerState | None:
    """The runner's processes; None before it began."""
    content = _read_json(folder / RUNNER_FILE)
    return RunnerState(**content) if content else None


def write_end(folder: Path, end: JobEnd) -> None:
    """Write the runner's last file. Raises OSError."""
    content = {"status": end.status, "delivered": end.is_delivered}
    _write_json(folder / END_FILE, content)


def read_end(folder: Path) -> JobEnd | None:
    """How the run ended; None if the runner has not come to its end."""
    content = _read_json(folder / END_FILE)
    if not content:
        return None
    return JobEnd(str(content["status"]), bool(content["delivered"]))


def write_stop_reason(folder: Path, reason: str, *, status: str = "") -> None:
    """Tell the runner why it is asked to stop. Raises OSError.

    With a `status` the run ends with it, instead of as Canceled.
    """
    content = {"reason": reason, **({"status": status} if status else {})}
    _write_json(folder / STOP_FILE, content)


def read_stop_reason(folder: Path) -> str:
    """Why the run is stopped; empty if its members want it."""
    return str(read_stop_request(folder).get("reason", ""))


def read_stop_request(folder: Path) -> dict[str, Any]:
    """The `reason` for the stop and the `status`, as far as they were written."""
    return _read_json(folder / STOP_FILE)


def wait_for_stop_request(
    folder: Path, seconds: float = NOTE_SECONDS
) -> dict[str, Any]:
    """The stop request, which can come after the signal; empty if none came."""
    until = time.monotonic() + seconds
    while not (found := read_stop_request(folder)) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def lock_runner(folder: Path) -> int | None:
    """Lock the folder for this runner until it ends; None if another one has it.

    Raises OSError.
    """
    return lock_file(folder / LOCK_FILE)


def is_runner_alive(folder: Path) -> bool:
    """Whether a runner has the folder's lock."""
    return is_locked(folder / LOCK_FILE)


def lock_file(path: Path) -> int | None:
    """Lock a file, created if needed, until its descriptor or this process is closed.

    Returns the descriptor; None if another process has the lock. Raises OSError.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # The kernel releases the lock when the process ends, even after `kill -9`.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path) -> bool:
    """Whether a process has the lock of a file."""
    try:
        handle = lock_file(path)
    except OSError:
        return False
    if handle is not None:
        os.close(handle)
    return handle is None


class Withdrawal(Enum):
    """What became of taking a job back."""

    #: The job never starts.
    DONE = "done"
    #: Its runner has ended, or was withdrawn before.
    TOO_LATE = "too late"
    #: A runner has it.
    RUNNING = "running"


def withdraw_job(folder: Path) -> Withdrawal:
    """Take a job back, if no runner has begun it. Raises OSError."""
    lock = lock_runner(folder)
    if lock is None:
        return Withdrawal.RUNNING
    try:
        # A runner that is only now starting finds nothing to do.
        (folder / JOB_FILE).unlink()
    except FileNotFoundError:
        return Withdrawal.TOO_LATE
    finally:
        os.close(lock)
    return Withdrawal.DONE


def process_start(pid: int) -> str:
    """When the process started, as a text to compare; empty if there is none."""
    with contextlib.suppress(OSError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # The name, in parentheses, can contain spaces and parentheses.
        return stat.rpartition(")")[2].split()[19]
    if Path("/proc/self/stat").exists():
        return ""
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    with contextlib.suppress(OSError):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()
    return ""


def _write_json(path: Path, content: dict[str, Any]) -> None:
    hidden = path.with_name(f".{path.name}")
    hidden.write_text(json.dumps(content), encoding="utf-8")
    hidden.replace(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
