"""A script in a process of its own, whose runs get what it prints."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import textwrap
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.errors import NotFound
from studio.sdk.client import Client
from tests.parts.clients import ROOT, python_of, quiet_environment
from tests.parts.server import Server
from tests.parts.waiting import becomes

LOG = "user_logs/std_log.txt"
ENTRY_POINTS = """
[mlflow.run_context_provider]
run-studio = studio.capture.plugin:ConsoleCapture
"""
#: Before a script that captures without MLflow.
PREAMBLE = """
import os, subprocess, sys, time
from pathlib import Path
from studio.capture.consoles import consoles
from studio.sdk.client import Client

client = Client(os.environ["STUDIO_URL"], os.environ["STUDIO_TOKEN"], "default")
first, second, third = sys.argv[1:]

def start(run_id, is_new=True):
    consoles.start_run(client, run_id, is_new=is_new, is_child=False)
"""


@dataclass
class Script:
    """Its folder, its runs and the processes that it started."""

    server: Server
    folder: Path
    started: list[subprocess.Popen[Any]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        return Client(self.server.url, self.server.token, "default")

    def new_run(self) -> str:
        body = {"id": uuid.uuid4().hex, "experiment": "capture", "status": "Running"}
        return str(self.client.post("runs", body)["id"])

    def log(self, run_id: str, path: str = LOG) -> str:
        file = io.BytesIO()
        try:
            self.client.download(f"runs/{run_id}/files/{path}", file)
        except NotFound:
            return ""
        return file.getvalue().decode()

    def run_info(self, run_id: str) -> Any:
        return self.client.get(f"runs/{run_id}")

    def runs(self, experiment: str) -> list[Any]:
        """The runs of an experiment, the first one first."""
        found = self.client.get(
            "runs", q=f'experiment:"{experiment}"', rows=25, children=1
        )
        runs = [one["run"] for one in found["runs"]]
        return sorted(runs, key=lambda run: int(run["number"]))

    def environment(self) -> dict[str, str]:
        metadata = self.folder / "site" / "run_studio-0.0.dist-info"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "METADATA").write_text("Name: run-studio\nVersion: 0.0\n")
        (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
        return {
            **quiet_environment(),
            **self.server.environment,
            "PYTHONPATH": f"{metadata.parent}:{ROOT}",
            "STUDIO_SPOOL": str(self.folder / "spool"),
            "STUDIO_DRAIN_SECONDS": "10",
            "STUDIO_CAPTURE": "1",
            **self.variables,
        }

    def start(
        self, code: str, *words: str, python: str = sys.executable, **options: Any
    ) -> subprocess.Popen[str]:
        (self.folder / "script.py").write_text(textwrap.dedent(code))
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        process = subprocess.Popen(
            [python, "script.py", *words],
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            text=True,
            **streams,
        )
        self.started.append(process)
        return process

    def capture(self, code: str, *runs: str, **options: Any) -> subprocess.Popen[str]:
        """Start a script that has `start`, `consoles`, `first`, `second`, `third`."""
        words = [*runs, "", "", ""][:3]
        code = textwrap.dedent(PREAMBLE) + textwrap.dedent(code)
        return self.start(code, *words, **options)

    def mlflow(self, version: str, code: str) -> tuple[int, str]:
        """Run a script with this MLflow client; its exit code and what it printed."""
        process = self.start(code, python=str(python_of(version)))
        printed, _ = process.communicate(timeout=100)
        return process.returncode, printed

    def in_terminal(self, code: str, run_id: str) -> str:
        """Run a script in a terminal; return what the terminal shows."""
        ours, its = pty.openpty()
        process = self.capture(code, run_id, stdout=its, stderr=its)
        with open(its, "wb"), open(ours, "rb", buffering=0) as shown:
            process.wait(60)
            return shown.read(65536).decode()

    def end_process(self, name: str) -> None:
        """End the program whose process id is in this file."""
        os.kill(int((self.folder / name).read_text()), signal.SIGKILL)

    def has_log(self, run_id: str, text: str) -> bool:
        return becomes(lambda: self.log(run_id) == text)
