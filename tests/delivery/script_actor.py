"""Scripts as a user would run them: processes with a spool of their own."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.sdk.client import Client
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server

OPENING = """
import os, signal, sys, threading, time
from pathlib import Path
from studio.sdk.client import Client
from studio.sdk.delivery import StreamCapture, Writer

client = Client(*(os.environ["STUDIO_" + w] for w in ("URL", "TOKEN", "WORKSPACE")))
run_id = sys.argv[1]

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

"""


@dataclass
class Actor:
    """Starts scripts against a server and looks at what came of them."""

    server: Server
    spool: Path

    @property
    def client(self) -> Client:
        return Client(self.server.url, self.server.token, "default")

    def new_run(self) -> str:
        body = {"experiment": "promises", "heartbeats": True}
        return str(self.client.post("runs", body)["id"])

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {
            **quiet_environment(),
            **self.server.environment,
            "STUDIO_SPOOL": str(self.spool),
            "STUDIO_DRAIN_SECONDS": "1",
            **(more or {}),
        }

    def run(
        self, script: str, run_id: str, *, before: str = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the code, with `before` ahead of every import."""
        code = textwrap.dedent(before) + OPENING + textwrap.dedent(script)
        return subprocess.run(
            [sys.executable, "-c", code, run_id],
            env={**self.environment(env), "PYTHONPATH": str(ROOT)},
            cwd=self.spool.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def sync(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "studio.cli", "sync", *words],
            env=self.environment(env),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def values(self, run_id: str, key: str = "loss") -> list[Any]:
        """In the order of their steps."""
        history = self.client.get(f"runs/{run_id}/metrics/{key}", limit=100_000)
        return list(history["values"])

    def status(self, run_id: str) -> str:
        return str(self.client.get(f"runs/{run_id}")["status"])

    def waiting(self) -> list[str]:
        """The names of the spools that are left."""
        if not self.spool.is_dir():
            return []
        names = (one.name for one in self.spool.iterdir())
        return [name for name in names if not name.startswith(".")]


def unreachable_server() -> str:
    """An address that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
