"""Runs on this machine: their folders, and the runner that is started for each."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from studio.core.job_files import (
    JobFile,
    is_runner_alive,
    process_start,
    read_end,
    read_runner_state,
    write_job,
)
from studio.sdk.process_tree import RUNNER_VARIABLE, process_variables
from studio.sdk.runner_process import PACKAGE_ROOT, start_runner_process

#: The folder of an agent's job, in the environment of all its processes: by it the
#: agent ends what is left. A run on this machine that a job submits is not its own.
AGENT_VARIABLE = "STUDIO_AGENT_JOB"
#: How long the folder of a killed runner is kept.
KEEP_SECONDS = 24 * 3600.0
#: So that ended runners do not stay as zombies.
_started: list[subprocess.Popen[bytes]] = []


def jobs_folder() -> Path:
    """`STUDIO_JOBS`, or the user's folder for the state of programs."""
    return _user_folder("STUDIO_JOBS", "XDG_STATE_HOME", "~/.local/state", "jobs")


def cache_folder() -> Path:
    """`STUDIO_CACHE`, or the user's folder for caches: prepared environments."""
    return _user_folder("STUDIO_CACHE", "XDG_CACHE_HOME", "~/.cache", "")


def _user_folder(own: str, common: str, default: str, name: str) -> Path:
    configured = os.environ.get(own, "").strip()
    if configured:
        return Path(configured).expanduser().absolute()
    base = os.environ.get(common, "").strip() or default
    return Path(base).expanduser().absolute() / "run-studio" / name


def create_job_folder(run_id: str) -> Path:
    """A new private folder for the run. Raises OSError."""
    folder = jobs_folder() / run_id
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    clean_up_jobs()
    folder.mkdir(mode=0o700)
    return folder


def clean_up_jobs() -> None:
    """End what runners left that were killed, and delete their folders a day later.

    The next delivery reports that these runs failed.
    """
    for folder in jobs_folder().glob("*"):
        # One without a state is being prepared, or its submission was killed. Its lock
        # stays free for its runner.
        has_state = read_runner_state(folder) is not None
        if has_state and is_runner_alive(folder):
            continue
        if has_state and read_end(folder) is None:
            _end_processes_of(folder.name)
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _end_processes_of(run_id: str) -> None:
    """Kill the processes of the run's script; none where the system has no /proc."""
    for pid, variables in process_variables():
        # A run that the script submitted has its own runner.
        is_runner = any(one.startswith(f"{RUNNER_VARIABLE}=") for one in variables)
        if f"STUDIO_RUN_ID={run_id}" in variables and not is_runner:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def start_runner(folder: Path, job: JobFile) -> None:
    """Start the runner of a prepared folder in the background. Raises OSError."""
    write_job(folder, job)
    _started[:] = [one for one in _started if one.poll() is None]
    modules = [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, modules)),
        RUNNER_VARIABLE: str(folder),
    }
    if environment.pop(AGENT_VARIABLE, None):
        # The agent deletes the job's spool, and this run can outlive the job.
        environment.pop("STUDIO_SPOOL", None)
    _started.append(start_runner_process(folder, environment))


def stop_local_run(run_id: str) -> None:
    """Let the run's runner, if it is on this machine, look at its cancel now."""
    folder = jobs_folder() / run_id
    state = read_runner_state(folder)
    if state is None or not is_runner_alive(folder):
        return
    if state.started == process_start(state.pid):
        with contextlib.suppress(OSError):
            os.kill(state.pid, signal.SIGTERM)
