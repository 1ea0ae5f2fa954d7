"""The `studio` command in a process of its own, and a server with a few runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.forked import run_studio
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server
from tests.parts.wire import Connection

#: Starts this checkout's command line from any folder.
STUDIO = (
    sys.executable,
    "-c",
    f"import sys; sys.path[0] = {str(ROOT)!r}; from studio.cli import main; main()",
)


@dataclass
class CommandLine:
    """Runs commands in `folder`, for the server of `environment`."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, *words: str, given: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        env = {**self.base_environment(), **more}
        return run_studio(words, env=env, cwd=self.folder, given=given)

    def base_environment(self) -> dict[str, str]:
        own = {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "STUDIO_SPOOL": str(self.folder / "spool"),
            "PYTHONIOENCODING": "utf-8",
        }
        return {**quiet_environment(), **own, **self.environment}

    def json(self, *words: str) -> Any:
        """The result of a command that must succeed."""
        done = self(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refused(self, *words: str, **more: str) -> tuple[int, str]:
        """The exit code and the one line on stderr of a command that must fail."""
        done = self(*words, **more)
        assert done.returncode != 0, done.stdout
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        return done.returncode, done.stderr.rstrip("\n")


def command_line(server: Server, folder: Path) -> CommandLine:
    return CommandLine(folder, server.environment)


def new_run(server: Server, run_id: str, experiment: str, **more: Any) -> None:
    body = {"id": run_id, "experiment": experiment, **more}
    Connection(server).rest("POST", "/runs", body)
