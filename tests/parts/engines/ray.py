"""A Ray cluster of one head node with one CPU, in an environment of its own.

Its processes are found by `RAY_TEST_CLUSTER`, which all of them inherit, jobs too.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.parts.engines.slurm import free_port
from tests.parts.waiting import becomes

ROOT = Path(__file__).resolve().parents[3]
VERSION = "ray"
MARK = "RAY_TEST_CLUSTER"
#: In the commands of the head's own processes.
SERVERS = ("raylet", "gcs_server", "ray/dashboard", "ray/_private")


def ray_python() -> Path | None:
    """The Python that has Ray; None if `.ci/make-engines` has not created it."""
    folder = Path(os.environ.get("STUDIO_TEST_ENGINES") or ROOT / ".engines")
    python = folder / VERSION / "bin/python"
    return python if python.exists() else None


@dataclass
class Ray:
    """A cluster, which a test can stop and start again at the same address."""

    python: Path
    folder: Path
    port: int = field(default_factory=free_port)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    head: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of Ray's own programs."""
        path = f"{self.python.parent}:{os.environ['PATH']}"
        return {
            "PATH": path,
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            MARK: self.mark,
            # Otherwise Ray replaces 127.0.0.1 by the address of the host.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_enable_metrics_collection": "0",
        }

    def start(self) -> None:
        """Start the head, and wait until it takes jobs."""
        words = [
            *("start", "--head", "--block", "--disable-usage-stats"),
            *("--num-cpus=1", "--object-store-memory=100000000"),
            *("--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"),
            *("--include-dashboard=true", f"--dashboard-port={self.port}"),
            # Its own choices are fixed numbers, which another cluster can have.
            *(f"--{name}={free_port()}" for name in ("port", "ray-client-server-port")),
            f"--dashboard-agent-listen-port={free_port()}",
            *("--min-worker-port=0", "--max-worker-port=0"),
            f"--temp-dir={self.folder}",
        ]
        with (self.folder / "head.out").open("ab") as output:
            self.head = subprocess.Popen(
                [self.python.parent / "ray", *words],
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        assert becomes(self.takes_jobs, 180), (self.folder / "head.out").read_text()

    def takes_jobs(self) -> bool:
        """Whether a job that does nothing is accepted."""
        try:
            self.post("jobs/", {"entrypoint": "true"})
        except OSError:
            return False
        return True

    def post(self, path: str, body: Any = None) -> None:
        request = urllib.request.Request(
            f"{self.address}/api/{path}",
            json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"},
            method="POST",
        )
        urllib.request.urlopen(request, timeout=60).close()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the head, and wait until its processes have ended, but not jobs'."""
        assert self.head is not None
        self.head.send_signal(number)
        self.head.wait(120)
        self.head = None
        assert becomes(lambda: not any(map(self.processes, SERVERS)))

    def end(self) -> None:
        """Leave no process of the cluster or of its jobs."""
        if self.head is not None:
            self.head.send_signal(signal.SIGTERM)
            self.head.wait(120)
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(self.processes(), 60)

    def processes(self, word: str = "") -> list[psutil.Process]:
        """The cluster's processes whose command has the word."""
        return [
            process
            for process in psutil.process_iter()
            if self.is_of_cluster(process) and word in _command(process)
        ]

    def is_of_cluster(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.mark
        except psutil.Error:
            return False


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def ray_cluster(python: Path) -> Iterator[Ray]:
    # Names of sockets are limited to 107 characters.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        ray = Ray(python, Path(folder))
        try:
            ray.start()
            yield ray
        finally:
            ray.end()
