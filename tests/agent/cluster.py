"""`studio agent` as a process of its own, and runs that are queued for it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from studio.sdk.client import Client
from studio.sdk.local_jobs import AGENT_VARIABLE
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.owner_token import owner_token
from tests.parts.server import Server
from tests.parts.waiting import becomes

STUDIO = (sys.executable, "-m", "studio.cli")


@dataclass
class Cluster:
    """A compute target with a token for its agents, and the agents of a test."""

    server: Server
    folder: Path
    owner: Client
    target: str
    agent_token: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    #: Agents of another number find nothing of those before, as on another machine.
    machine: int = 1

    @classmethod
    def create(
        cls, server: Server, folder: Path, target: str = "", **settings: Any
    ) -> Cluster:
        owner = Client(server.url, owner_token(server.home, {}), "default")
        target = target or f"t-{uuid.uuid4().hex[:8]}"
        owner.post("compute", {"name": target, **settings})
        token = owner.post(f"compute/{target}/agent-tokens", {"name": "test"})["token"]
        return cls(server, folder, owner, target, token)

    @property
    def home(self) -> Path:
        return self.folder / f"machine-{self.machine}"

    @property
    def log(self) -> str:
        path = self.folder / "agent.log"
        return path.read_text() if path.exists() else ""

    def environment(self) -> dict[str, str]:
        return {
            **quiet_environment(),
            "PYTHONPATH": str(ROOT),
            "STUDIO_URL": self.server.url,
            "STUDIO_TOKEN": self.agent_token,
            "STUDIO_WORKSPACE": "default",
            "STUDIO_AGENT_HOME": str(self.home),
            "STUDIO_CACHE": str(self.folder / "cache"),
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }

    def start_agent(
        self,
        *words: str,
        name: str = "one",
        variables: Mapping[str, str] | None = None,
        setup: str = ":",
    ) -> subprocess.Popen[str]:
        """Start an agent, after a line of the shell in the same process."""
        command = [*STUDIO, "agent", "--compute", self.target, "--name", name, *words]
        with (self.folder / "agent.log").open("a") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", f'{setup}; exec "$@"', "sh", *command],
                env={**self.environment(), **(variables or {})},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def queue(
        self, command: Sequence[str] | str, *, max_attempts: int = 1, **more: Any
    ) -> str:
        """Create a run with this command and queue it; returns its id."""
        words = command if isinstance(command, str) else list(command)
        definition = {"command": words, "target": self.target, **more}
        run = str(uuid.uuid4())
        body = {"id": run, "experiment": "cluster", "definition": definition}
        body["status"] = "NotStarted"
        self.owner.post("runs", body)
        queued = {"target": self.target, "max_attempts": max_attempts}
        self.owner.post(f"runs/{run}/queue", queued)
        return run

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.owner.get(f"runs/{run_id}")
        return found

    def status(self, run_id: str) -> str:
        return str(self.run(run_id)["status"])

    def becomes(self, run_id: str, status: str, seconds: float = 120) -> bool:
        return becomes(lambda: self.status(run_id) == status, seconds)

    def log_of(self, run_id: str) -> str:
        path = self.folder / f"{run_id}.log"
        with path.open("w+b") as file:
            file_path = f"runs/{run_id}/files/user_logs/std_log.txt"
            self.owner.download(file_path, file)
        return path.read_text()

    def processes(self) -> list[psutil.Process]:
        """All living processes of this cluster's jobs."""
        found = []
        for process in psutil.process_iter():
            try:
                value = process.environ().get(AGENT_VARIABLE, "")
                is_own = value.startswith(f"{self.folder}{os.sep}machine-")
                if is_own and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def end(self) -> None:
        """End the agents and whatever their jobs left."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(120)
        for left in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
