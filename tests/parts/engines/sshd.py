"""An sshd on a port that the system assigns, with keys of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio.runner.memory_watch import find_group
from studio.sdk.local_jobs import AGENT_VARIABLE
from studio.sdk.process_tree import processes_with
from tests.parts.clients import ROOT
from tests.parts.engines.slurm import free_port
from tests.parts.waiting import becomes

PROGRAM = "/usr/sbin/sshd"
_SERVER = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/client.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
MaxStartups 100
"""
_CLIENT = """\
Host *
  IdentityFile {folder}/client
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile /dev/null
"""


@dataclass
class Sshd:
    """A running server; `settings` are those of a compute target for it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """What the agent's machine has."""
        return {"STUDIO_SSH_CONFIG": str(self.folder / "client.conf")}

    @property
    def home(self) -> Path:
        """The folder of the jobs on that machine."""
        return self.folder / "machine"

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "folder": str(self.home),
            "python": sys.executable,
            **more,
        }

    def start(self) -> None:
        words = [PROGRAM, "-D", "-f", str(self.folder / "server.conf")]
        self.process = subprocess.Popen(
            [*words, "-E", str(self.folder / "log")], start_new_session=True
        )
        assert becomes((self.folder / "sshd.pid").exists)

    def stop(self) -> None:
        """End it, and cut what is connected."""
        assert self.process is not None
        sessions = self._sessions()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        for one in sessions:
            _kill(one)
        (self.folder / "sshd.pid").unlink(missing_ok=True)

    def cut(self) -> bool:
        """Cut what is connected; whether anything was. It can connect again."""
        sessions = self._sessions()
        for one in sessions:
            _kill(one)
        return bool(sessions)

    def end_jobs(self) -> None:
        """End what a test left there."""
        for place in (self.home / "jobs").glob("*"):
            for pid in processes_with(AGENT_VARIABLE, str(place)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    psutil.Process(pid).kill()
            shutil.rmtree(place, ignore_errors=True)

    def _sessions(self) -> list[psutil.Process]:
        assert self.process is not None
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in below if _name(one).startswith("sshd")]

    def create_key(self, name: str) -> None:
        for path in (self.folder / name, self.folder / f"{name}.pub"):
            path.unlink(missing_ok=True)
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]
        subprocess.run([*words, str(self.folder / name)], check=True)

    def trust_key(self) -> None:
        """Write the key of the server where the client looks for it."""
        key = (self.folder / "host.pub").read_text()
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {key}")


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


@contextmanager
def sshd_server(folder: Path) -> Iterator[Sshd]:
    server = Sshd(folder, free_port())
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "client"):
        server.create_key(name)
    server.trust_key()
    values = {"folder": folder, "port": server.port}
    (folder / "server.conf").write_text(_SERVER.format(**values))
    (folder / "client.conf").write_text(_CLIENT.format(**values))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def machine_setup() -> list[str]:
    """Lines that let that machine use the tests' own modules."""
    return [f"export PYTHONPATH={ROOT}", f"export PATH={os.environ['PATH']}"]


@contextmanager
def memory_limit(mebibytes: int) -> Iterator[str]:
    """A line of the shell that lets what follows it have so much memory."""
    group = find_group()
    if group is None or not os.access(group, os.W_OK):
        pytest.skip("There is no control group for memory that root can divide")
    limited = group / f"studio-{os.getpid()}"
    is_new = (group / "memory.max").exists()
    name = "memory.max" if is_new else "memory.limit_in_bytes"
    try:
        limited.mkdir()
        (limited / name).write_text(str(mebibytes << 20))
    except OSError as error:
        _remove(limited)
        pytest.skip(f"The control group of this machine can't be divided: {error}")
    try:
        yield f"echo $$ > {limited}/cgroup.procs"
    finally:
        # The kernel removes ended processes from the group a little later.
        assert becomes(lambda: _remove(limited))


def _remove(group: Path) -> bool:
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()
