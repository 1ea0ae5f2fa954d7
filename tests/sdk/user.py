"""A user: a folder, a shell with the environment of `studio env`, scripts."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server

SCRIPTS = Path(__file__).parent / "scripts"
BEGIN = """
from azureml.core import Workspace, Experiment, Run
ws = Workspace.from_config()
exp = Experiment(ws, "bad")
"""


def begun(code: str) -> str:
    return BEGIN + "run = exp.start_logging(snapshot_directory=None)\n" + code


@dataclass
class User:
    server: Server
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        env = {**quiet_environment(), **self.server.environment}
        # The SDK is the one of this checkout, whatever is installed.
        env["PYTHONPATH"] = f"{env['PYTHONPATH']}:{ROOT}"
        env["STUDIO_SPOOL"] = str(self.folder / ".spool")
        env["HOME"] = str(self.folder)
        env["MPLBACKEND"] = "Agg"
        return {**env, **more}

    def run(
        self,
        script: str,
        *,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        status: int | None = 0,
    ) -> subprocess.CompletedProcess[str]:
        """Runs Python code; it must end with that status, None for whichever."""
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)],
            env=self.environment(**(env or {})),
            cwd=folder or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = f"{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
        assert status is None or done.returncode == status, said
        return done

    def said(self, script: str, **more: Any) -> str:
        """What the code printed."""
        return self.run(script, **more).stdout.strip()

    def file(self, name: str) -> dict[str, Any]:
        """Runs a file of `scripts` by its path; what it noted in `seen.json`."""
        folder = self.folder / name
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / f"{name}.py")],
            env=self.environment(),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = f"{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
        assert done.returncode == 0, said
        seen: dict[str, Any] = json.loads((folder / "seen.json").read_text())
        seen["stderr"], seen["stdout"] = done.stderr, done.stdout
        return seen
