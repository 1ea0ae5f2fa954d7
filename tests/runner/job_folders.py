"""A job's folder as an agent or the SDK prepares it, and its runner as a process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from studio.core.job_files import CODE_FOLDER, JobFile, write_job
from studio.sdk.client import Client
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server
from tests.parts.waiting import becomes


@dataclass
class JobRunner:
    """A prepared folder, and the runner that was started for it."""

    server: Server
    folder: Path
    client: Client
    run_id: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def code(self) -> Path:
        return self.folder / CODE_FOLDER

    def write(self, name: str, code: str) -> None:
        path = self.code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(code))

    def start(self, **variables: str) -> None:
        """Start the runner, as `studio.sdk.local_jobs` and agents do."""
        spool = self.folder.with_name(f"{self.folder.name}-spool")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "studio.runner.job", str(self.folder)],
            cwd=self.folder,
            env={
                **quiet_environment(),
                "PYTHONPATH": str(ROOT),
                "STUDIO_SPOOL": str(spool),
                "STUDIO_DRAIN_SECONDS": "5",
                **variables,
            },
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self) -> dict[str, Any]:
        """Wait for the runner's end; return the run."""
        assert self.process is not None
        self.process.wait(60)
        return self.run()

    def run(self) -> dict[str, Any]:
        run: dict[str, Any] = self.client.get(f"runs/{self.run_id}")
        return run

    def statuses(self) -> list[str]:
        """The statuses that the run had, without repetitions."""
        events = self.client.get(f"runs/{self.run_id}/events")["events"]
        return list(dict.fromkeys(str(event["new"]) for event in events))

    def log(self, path: str = "user_logs/std_log.txt") -> str:
        target = self.folder.with_name("log")
        with target.open("w+b") as file:
            self.client.download(f"runs/{self.run_id}/files/{path}", file)
            file.seek(0)
            return file.read().decode()

    def wait_for(self, name: str) -> str:
        """Wait until the script has written this file; return its content."""
        path = self.code / name
        assert becomes(lambda: path.exists() and bool(path.read_text())), self.own_log()
        return path.read_text()

    def own_log(self) -> str:
        path = self.folder / "runner.log"
        return path.read_text() if path.exists() else "no runner.log"

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


@dataclass
class JobFolders:
    """Prepares folders below one folder."""

    server: Server
    root: Path
    made: list[JobRunner] = field(default_factory=list)

    def create(
        self, definition: Mapping[str, Any], script: str = "", **more: Any
    ) -> JobRunner:
        """A run of its own with its folder; `script` is the text of `script.py`."""
        client = Client(self.server.url, self.server.token, "default")
        run_id = str(uuid.uuid4())
        body = {"id": run_id, "experiment": "jobs", "status": "Starting"}
        client.post("runs", {**body, "launcher": "runner", "heartbeats": True})
        folder = self.root / run_id
        (folder / CODE_FOLDER).mkdir(parents=True)
        settings = {"cache_folder": str(self.root / "cache"), **more}
        job = JobFile(
            self.server.url,
            "default",
            run_id,
            "jobs",
            {"script": "script.py", **definition}
            if "command" not in definition
            else dict(definition),
            self.server.token,
            **settings,
        )
        write_job(folder, job)
        made = JobRunner(self.server, folder, client, run_id)
        self.made.append(made)
        if script:
            made.write("script.py", script)
        return made

    def end(self) -> None:
        for one in self.made:
            one.kill()


def is_running(pid: int) -> bool:
    """Whether the process lives and is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
