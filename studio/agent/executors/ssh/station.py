"""Serves an agent on the other machine: starts, watches, stops and forgets its jobs.

It lives as long as the connection. What it starts does not depend on it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.agent.environment_rules import clean_environment
from studio.agent.executors.process_table import boot_id, kill_all, kill_job
from studio.agent.executors.ssh.job_place import (
    DELIVERY_FILE,
    KEEPER_FILE,
    RESULT_FILE,
    SCRIPT_FILE,
    START_LOG,
    STARTER_FILE,
    STOPPED_FILE,
    is_keeper_alive,
    living_process,
    note_process,
    read_place,
    write_place,
)
from studio.agent.executors.ssh.keeper import KILL, STOP
from studio.agent.executors.ssh.messages import Payload, encode_message, read_message
from studio.core.compute_kinds import CLIENT_VARIABLE, EndCode
from studio.core.job_files import (
    END_FILE,
    JOB_FILE,
    STOP_FILE,
    process_start,
    read_runner_state,
)
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.process_tree import list_descendants

#: How long a keeper has to end its job's processes.
KILL_SECONDS = 10.0
#: How often a keeper that was killed is started again.
MAX_KEEPERS = 3
MAX_LOG_BYTES = 2000
#: The folder of an ended job that no agent asks for is deleted after this time.
MAX_AGE_SECONDS = 30 * 86400.0


def serve(folder: Path, client: Path) -> None:
    """Answer requests until the connection ends."""
    station = Station(folder, client)
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(BrokenPipeError, EOFError):
        while (request := read_message(requests)) is not None:
            payload = Payload(requests, int(request.get("size", 0)))
            try:
                reply = station.answer(request, payload)
            except (OSError, tarfile.TarError) as error:
                reply = {"error": f"{folder} there: {_describe(error)}"}
            payload.skip()
            replies.write(encode_message(reply))
            replies.flush()


class Station:
    """The jobs below `jobs/` of the folder."""

    def __init__(self, folder: Path, client: Path) -> None:
        self._jobs, self._client = folder / "jobs", client
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        #: How often a keeper was started again, by the name of the job.
        self._restarts: dict[str, int] = {}
        self._clean_up()

    def answer(self, request: Mapping[str, Any], payload: Payload) -> dict[str, Any]:
        """Do what is asked. Raises OSError, TarError."""
        verb = request["verb"]
        if verb == "start":
            return self._start(request["name"], payload)
        if verb == "status":
            return {"jobs": {name: self._status(name) for name in request["names"]}}
        if verb == "stop":
            return self._stop(request["name"], request["stop"], request["force"])
        if verb == "survey":
            return _survey()
        self._forget(request["name"])
        return {}

    def _start(self, name: str, payload: Payload) -> dict[str, Any]:
        folder = self._jobs / name
        if not folder.exists():
            self._unpack(folder, payload)
        if self._status(name)["state"] == "unstarted":
            self._start_keeper(folder)
        return self._status(name)

    def _unpack(self, folder: Path, payload: Payload) -> None:
        source = io.BufferedReader(payload)
        hidden = Path(tempfile.mkdtemp(prefix=".new-", dir=self._jobs))
        try:
            with tarfile.open(fileobj=source, mode="r|") as archive:
                _extract(archive, hidden)
            job_file = hidden / JOB_FILE
            job = json.loads(job_file.read_text(encoding="utf-8"))
            job["cache_folder"] = str(self._jobs.parent / "cache")
            write_place(hidden, JOB_FILE, job)
            names = ("url", "token", "workspace", "run")
            write_place(hidden, DELIVERY_FILE, {key: job[key] for key in names})
            hidden.rename(folder)
        except OSError:
            # One that was stopped before it came has a folder already.
            if not folder.exists():
                raise
        finally:
            shutil.rmtree(hidden, ignore_errors=True)

    def _start_keeper(self, folder: Path) -> None:
        environment = {
            **clean_environment(os.environ),
            AGENT_VARIABLE: str(folder),
            CLIENT_VARIABLE: str(self._client),
            # What the job's processes cannot deliver stays with the job.
            "STUDIO_SPOOL": str(folder / "spool"),
        }
        # A login shell: `module` and others are defined by the system's profile.
        shell = shutil.which("bash")
        words = [shell, "-l"] if shell else ["/bin/sh"]
        with (folder / START_LOG).open("ab") as log:
            process = subprocess.Popen(
                [*words, str(folder / SCRIPT_FILE)],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children[folder.name] = process
        note_process(folder, STARTER_FILE, process.pid)

    def _status(self, name: str) -> dict[str, Any]:
        """The `state` of a job and, where known, `pid`, `code`, `message`, `end`."""
        folder = self._jobs / name
        child = self._children.get(name)
        if child is not None and child.poll() is not None:
            del self._children[name]
        if not folder.is_dir():
            return {"state": "missing"}
        if result := read_place(folder, RESULT_FILE):
            return {"state": "ended", **result, "end": read_place(folder, END_FILE)}
        has_begun = bool(read_place(folder, KEEPER_FILE))
        if is_keeper_alive(folder):
            state = "running" if has_begun else "preparing"
            return {"state": state, "pid": read_place(folder, KEEPER_FILE).get("pid")}
        if (pid := living_process(folder, STARTER_FILE)) is not None:
            return {"state": "preparing", "pid": pid}
        if has_begun and not (folder / STOPPED_FILE).exists():
            return self._restart_keeper(folder)
        return self._unkept_status(folder)

    def _unkept_status(self, folder: Path) -> dict[str, Any]:
        """The state of a job that no keeper has, and none will have."""
        if (folder / STOPPED_FILE).exists():
            return {"state": "ended", "end": {}}
        if not (folder / STARTER_FILE).exists():
            return {"state": "unstarted"}
        return {
            "state": "ended",
            "code": EndCode.LAUNCH_FAILED.value,
            "message": _end_of_log(folder),
            "end": {},
        }

    def _restart_keeper(self, folder: Path) -> dict[str, Any]:
        """Its keeper was killed, or the machine was started again."""
        count = self._restarts.get(folder.name, 0)
        self._restarts[folder.name] = count + 1
        if count < MAX_KEEPERS:
            self._start_keeper(folder)
            return {"state": "running"}
        self._kill(folder)
        return {"state": "ended", "end": read_place(folder, END_FILE)}

    def _stop(
        self, name: str, stop: Mapping[str, Any], is_forced: bool
    ) -> dict[str, Any]:
        folder = self._jobs / name
        if is_forced:
            # From here on nothing starts any more, not even late.
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / STOPPED_FILE).touch()
            self._kill(folder)
            return {"state": "ended", "end": {}}
        found = self._status(name)
        if found["state"] == "running" and is_keeper_alive(folder):
            if stop:
                with contextlib.suppress(OSError):
                    write_place(folder, STOP_FILE, stop)
            _send(found.get("pid"), STOP)
        return found

    def _kill(self, folder: Path) -> None:
        pid = read_place(folder, KEEPER_FILE).get("pid")
        if is_keeper_alive(folder) and pid:
            _send(pid, KILL)
            until = time.monotonic() + KILL_SECONDS
            while is_keeper_alive(folder) and time.monotonic() < until:
                time.sleep(0.02)
        self._end_starter(folder)
        state = read_runner_state(folder)
        if state and process_start(state.pid) == state.started:
            kill_all([*list_descendants(state.pid), state.pid])
        is_this_boot = read_place(folder, KEEPER_FILE).get("boot") == boot_id()
        kill_job(folder, state.group if state and is_this_boot else None)

    def _end_starter(self, folder: Path) -> None:
        """End the setup, or a keeper that did not end itself."""
        pid = living_process(folder, STARTER_FILE)
        if pid is not None:
            kill_all(list_descendants(pid))
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        child = self._children.pop(folder.name, None)
        if child is not None:
            child.wait()

    def _forget(self, name: str) -> None:
        shutil.rmtree(self._jobs / name, ignore_errors=True)
        self._restarts.pop(name, None)

    def _clean_up(self) -> None:
        """Remove what agents left that never came back, and clients of old versions."""
        for path in list(self._jobs.iterdir()):
            is_open = (
                not path.name.startswith(".new-") and not (path / RESULT_FILE).exists()
            )
            if not is_open and time.time() - path.stat().st_mtime > MAX_AGE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        if any(self._jobs.iterdir()):
            # A job can still need its client.
            return
        for path in self._client.parent.iterdir():
            if path != self._client:
                shutil.rmtree(path, ignore_errors=True)


def _survey() -> dict[str, Any]:
    load = 0.0
    with contextlib.suppress(OSError):
        load = os.getloadavg()[0]
    version = platform.python_version()
    return {"cpus": os.cpu_count() or 1, "load": load, "python": version}


def _send(pid: object, number: int) -> None:
    if isinstance(pid, int):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Raises OSError, TarError."""
    # Later versions ask for a filter. The agent packed it from the run's own snapshot.
    if hasattr(tarfile, "fully_trusted_filter"):
        archive.extractall(folder, filter="fully_trusted")
    else:
        archive.extractall(folder)


def _end_of_log(folder: Path) -> str:
    """The last line that the setup printed."""
    with contextlib.suppress(OSError):
        text = (
            (folder / START_LOG).read_bytes()[-MAX_LOG_BYTES:].decode(errors="replace")
        )
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            return lines[-1]
    return "The setup of the target ended before the run began."


def _describe(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
