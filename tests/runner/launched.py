"""`studio run` as a user starts it: a process of its own, against a live server."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.sdk.client import Client
from tests.cli.forked import run_studio
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server
from tests.parts.waiting import becomes

STUDIO = (sys.executable, "-m", "studio.cli")
_RUN_LINE = re.compile(r"^Run Studio: Run (\S+): http", re.MULTILINE)


@dataclass
class Launched:
    """A started `studio run`, and what it has printed so far."""

    process: subprocess.Popen[bytes]
    folder: Path
    client: Client

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")

    @property
    def errors(self) -> str:
        return (self.folder / "errors").read_text(errors="replace")

    @property
    def run_id(self) -> str:
        assert becomes(lambda: bool(_RUN_LINE.search(self.errors))), self.errors
        found = _RUN_LINE.search(self.errors)
        assert found is not None
        return found[1]

    def run(self) -> Any:
        return self.client.get(f"runs/{self.run_id}")

    def messages(self) -> list[str]:
        events = self.client.get(f"runs/{self.run_id}/events")["events"]
        return [str(event["message"]) for event in events]

    def log(self, path: str = "user_logs/std_log.txt") -> bytes:
        with (self.folder / "log").open("w+b") as file:
            self.client.download(f"runs/{self.run_id}/files/{path}", file)
            file.seek(0)
            return file.read()

    def wait_for(self, name: str) -> str:
        """Wait until the script has written this file; return its content."""
        path = self.folder / name
        assert becomes(lambda: path.exists() and bool(path.read_text())), self.errors
        return path.read_text()

    def wait(self) -> int:
        return self.process.wait(60)


@dataclass
class Shell:
    """A shell in a folder, in which `studio env` was evaluated."""

    server: Server
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[Any]] = field(default_factory=list)

    @property
    def client(self) -> Client:
        return Client(self.server.url, self.server.token, "default")

    def __post_init__(self) -> None:
        # What the test itself writes is no source.
        (self.folder / ".amlignore").write_text("/spool\n/output\n/errors\n")

    def environment(self) -> dict[str, str]:
        return {
            **quiet_environment(),
            **self.server.environment,
            "PYTHONPATH": f"{self.server.environment['PYTHONPATH']}:{ROOT}",
            "STUDIO_SPOOL": str(self.folder / "spool"),
            "STUDIO_DRAIN_SECONDS": "2",
            **self.variables,
        }

    def write(self, name: str, code: str) -> None:
        (self.folder / name).write_text(textwrap.dedent(code))

    def studio(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of `studio` to its end."""
        return run_studio(words, env=self.environment(), cwd=self.folder, seconds=120)

    def start(self, *words: str, prefix: tuple[str, ...] = ()) -> Launched:
        """Start `studio run` with these words."""
        return self._start([*prefix, *STUDIO, "run", *words])

    def start_python(self, *words: str) -> Launched:
        """Start a script without `studio run`."""
        return self._start([sys.executable, *words])

    def _start(self, command: list[str]) -> Launched:
        with (
            (self.folder / "output").open("wb") as output,
            (self.folder / "errors").open("wb") as errors,
        ):
            process = subprocess.Popen(
                command,
                env=self.environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        self.started.append(process)
        return Launched(process, self.folder, self.client)

    def python(self, code: str, *options: str, words: tuple[str, ...] = ()) -> Launched:
        """Start a Python script."""
        self.write("script.py", code)
        return self.start(*options, "--", sys.executable, "script.py", *words)
