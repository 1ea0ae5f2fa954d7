"""The steps of a job: prepare the environment, run the script, deliver the outputs."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from studio.core.errors import InvalidValue, StudioError
from studio.core.job_files import (
    ARCHIVE_FILE,
    CODE_FOLDER,
    LOG_FILE,
    LOST,
    NOTED_STOPS_VARIABLE,
    JobEnd,
    JobFile,
    lock_runner,
    read_stop_request,
    take_job,
    wait_for_stop_request,
    write_end,
    write_runner_state,
)
from studio.core.statuses import RunStatus
from studio.runner.descendants import end_descendants
from studio.runner.environments import EnvironmentFailed
from studio.runner.job.job_command import STOPPED, JobCommand
from studio.runner.job.job_inputs import InputsFailed, with_inputs
from studio.runner.job.job_run import JobRun
from studio.runner.job.run_folders import upload_outputs, watch_folders
from studio.runner.job.script_start import (
    ContainerScript,
    HostScript,
    prepare_script,
)
from studio.runner.programs import CommandNotRunnable
from studio.runner.received_signals import ReceivedSignals
from studio.runner.recorder import Recorder
from studio.sdk.client import Client
from studio.sdk.delivery import LEFTOVERS_VARIABLE, print_notice
from studio.sdk.process_tree import become_subreaper
from studio.sdk.snapshot_tree import unpack_archive

#: What programs print when the disk is full.
NO_SPACE = os.strerror(errno.ENOSPC).encode()
BUILD_LOG = "azureml-logs/20_image_build_log.txt"


def run_job(folder: Path) -> int:
    """Run the job in the folder; 0 if the run's end was delivered, or there is no job.

    Raises OSError, ValueError for a job that cannot be read.
    """
    try:
        lock = lock_runner(folder)
        if lock is None:
            return 0
        _write_output_to(folder / LOG_FILE)
        job = take_job(folder)
    except FileNotFoundError:
        # Another runner took the job, or has ended it.
        return 0
    become_subreaper()
    os.environ[LEFTOVERS_VARIABLE] = "off"
    are_stops_noted = bool(os.environ.pop(NOTED_STOPS_VARIABLE, ""))
    with ReceivedSignals() as received:
        # Its readers send signals. A full disk must not keep the run from its end.
        with contextlib.suppress(OSError):
            write_runner_state(folder, None)
        try:
            run = JobRun.open(job)
        except (StudioError, OSError) as error:
            end = _report_no_start(job, error)
        else:
            steps = _JobSteps(folder, job, run, received, are_stops_noted)
            end = steps.run_to_end()
    with contextlib.suppress(OSError):
        write_end(folder, end)
    if job.launcher == "runner" and end.is_delivered:
        shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
    return 0 if end.is_delivered else 1


def _report_no_start(job: JobFile, error: StudioError | OSError) -> JobEnd:
    """The runner cannot even write its spool: report that without one."""
    reason = error.message if isinstance(error, StudioError) else str(error)
    body: dict[str, Any] = {
        "status": RunStatus.FAILED.value,
        "message": f"The runner on {platform.node()} cannot work: {reason}",
        "launcher": True,
    }
    if job.launcher == "agent":
        body["attempt"] = job.attempt
    print_notice(body["message"])
    try:
        client = Client(job.url, job.token, job.workspace)
        client.post(f"runs/{job.run}/status", body)
    except StudioError as again:
        print_notice(again.message)
        return JobEnd(RunStatus.FAILED.value, False)
    return JobEnd(RunStatus.FAILED.value, True)


class _JobSteps:
    """One attempt, from its preparation to its end."""

    def __init__(
        self,
        folder: Path,
        job: JobFile,
        run: JobRun,
        received: ReceivedSignals,
        are_stops_noted: bool,
    ) -> None:
        self._folder, self._job, self._run = folder, job, run
        self._are_stops_noted = are_stops_noted
        self._received, self._code = received, folder / CODE_FOLDER
        self._status, self._message = RunStatus.FAILED.value, ""

    def run_to_end(self) -> JobEnd:
        try:
            self._run_script(self._prepare())
        except (EnvironmentFailed, CommandNotRunnable, InputsFailed) as error:
            self._message = str(error)
        except InvalidValue as error:
            self._message = error.message
        except OSError as error:
            self._message = (
                f"The working copy {self._code} on {platform.node()} cannot be "
                f"written: {error.strerror or error}.{_advise(error)}"
            )
        except _Stopped:
            self._status, self._message = RunStatus.CANCELED.value, ""
        except BaseException as error:
            end_descendants()
            self._run.end(self._status, f"The runner failed: {error!r}")
            raise
        left = end_descendants()
        if left:
            print_notice(f"{left} processes that outlived the script were ended.")
        if self._status == RunStatus.CANCELED and not self._message:
            stop = self._read_stop_request()
            self._message = str(stop.get("reason", ""))
            self._status = str(stop.get("status", self._status))
        if self._run.is_lost or self._status == LOST:
            self._run.abandon()
            return JobEnd(LOST, True)
        self._run.end(self._status, self._message)
        return JobEnd(self._status, self._run.is_delivered)

    def _read_stop_request(self) -> dict[str, Any]:
        if self._are_stops_noted and not (
            self._run.is_cancel_requested or self._run.is_lost
        ):
            # The signal was for all processes of the job, and its starter asks why.
            return wait_for_stop_request(self._folder)
        return read_stop_request(self._folder)

    def _unpack_sources(self) -> None:
        self._code.mkdir(exist_ok=True)
        archive = self._folder / ARCHIVE_FILE
        if archive.exists():
            unpack_archive(archive, self._code)
            archive.unlink()

    def _prepare(self) -> HostScript | ContainerScript:
        self._run.report_status(RunStatus.PREPARING)
        self._unpack_sources()
        if self._job.attempt > 1:
            self._run.append_output(f"\n--- Attempt {self._job.attempt} ---\n".encode())
        prepared = prepare_script(
            self._job.definition,
            self._code,
            Path(self._job.cache_folder),
            run=self._run_preparation,
            note=lambda line: self._run.append_log(BUILD_LOG, f"{line}\n".encode()),
        )
        self._raise_if_stopped(None)
        return prepared

    def _run_preparation(
        self, command: list[str], environment: dict[str, str], folder: Path
    ) -> int:
        """Run a command of the preparation; return its exit code."""
        launched, was_full = self._create_command(), False

        def keep(chunk: bytes) -> None:
            nonlocal was_full
            was_full = was_full or NO_SPACE in chunk
            self._run.append_log(BUILD_LOG, chunk)

        code = launched.run_quietly(command, environment, folder, keep)
        self._raise_if_stopped(launched)
        if code and was_full:
            raise EnvironmentFailed(
                f"The environment could not be created: a disk of {platform.node()} is "
                "full. Free some space there. STUDIO_CACHE and TMPDIR name other "
                "folders."
            )
        return code

    def _raise_if_stopped(self, launched: JobCommand | None) -> None:
        signals = {"SIGTERM", "SIGINT"} & set(self._received.take())
        was_stopped = launched is not None and launched.was_stopped
        if signals or was_stopped or self._run.is_cancel_requested or self._run.is_lost:
            raise _Stopped

    def _create_command(self) -> JobCommand:
        return JobCommand(self._folder, self._job, self._run, self._received)

    def _run_script(self, script: HostScript | ContainerScript) -> None:
        job, run = self._job, self._run
        # A container sees only the folders that are mounted, not what links lead to.
        job = with_inputs(job, self._folder, self._code, links=script.is_on_host)
        started = script.start(job, self._folder, self._code)
        watched = watch_folders(run, self._code, job.definition)
        launched = JobCommand(
            self._folder,
            job,
            run,
            self._received,
            max_seconds=float(job.definition.get("maxRunDurationSeconds") or 0),
            on_pause=watched.send_new_parts,
            container=started.container,
        )
        run.report_status(RunStatus.RUNNING)
        recorder = Recorder(
            run,
            started.script_command,
            started.script_variables,
            self._code,
            attempt=job.attempt,
            redact=run.redactor.in_text,
            **started.record,
        )
        recorder.start()
        try:
            launched.run_quietly(
                started.command, started.environment, self._code, run.append_output
            )
        finally:
            started.remove()
            recorder.stop()
        self._status = launched.status
        self._message = "" if launched.message == STOPPED else launched.message
        if not run.is_lost:
            if self._status != RunStatus.CANCELED:
                run.report_status(RunStatus.FINALIZING)
            watched.send_all()
            upload_outputs(run, self._code, job.definition)


class _Stopped(Exception):
    """The run was canceled before its script began, or belongs to another attempt."""


def _advise(error: OSError) -> str:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return " Free some space there, and submit the run again." if is_full else ""


def _write_output_to(path: Path) -> None:
    """What this process prints goes to the file."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    for number in (1, 2):
        os.dup2(handle, number)
    os.close(handle)
