"""The real server: `python manage.py studio` in a process and a folder of its own."""

from __future__ import annotations

import contextlib
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psutil
import pytest

from studio.core.connection import read_connection_file
from studio.core.script_variables import exported_variables
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.templates import build_once, migrate

READY = "Run Studio is ready: "


@dataclass
class Server:
    """A started server."""

    home: Path
    process: subprocess.Popen[str]
    sign_in_url: str
    #: From the command to its word that it is ready, in seconds.
    took: float = 0.0
    #: When it said so, by the clock that never goes back.
    ready: float = field(default_factory=time.monotonic)

    @property
    def url(self) -> str:
        parts = urlsplit(self.sign_in_url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def environment(self) -> dict[str, str]:
        """What `studio env` exports on its machine."""
        return client_environment(self.home)

    @property
    def token(self) -> str:
        return self.environment["STUDIO_TOKEN"]

    def stop(
        self, number: signal.Signals = signal.SIGTERM, *, seconds: int = 30
    ) -> int:
        """Ask the server to end, as an operator would; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """kill -9 of the server and of every process below it, at one moment."""
        kill_tree(self.process)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The server and all processes below it take connections and say nothing."""
        signal_tree(self.process, signal.SIGSTOP)
        try:
            yield
        finally:
            signal_tree(self.process, signal.SIGCONT)


def kill_tree(process: subprocess.Popen[Any]) -> None:
    signal_tree(process, signal.SIGKILL)
    process.wait(10)


def signal_tree(process: subprocess.Popen[Any], number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(process.pid)
        # The top first, so that it starts nothing again.
        for member in [top, *top.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(number)


def start(
    home: Path,
    *,
    env: Mapping[str, str] | None = None,
    port: int = 0,
    wait: float = 60,
    words: Sequence[str] = (),
) -> Server:
    """Starts the server over `home` and returns when it has said that it is ready."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "studio", f"--port={port}", *words],
        env={**quiet_environment(), **(env or {}), "STUDIO_HOME": str(home)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said, link = wait_ready(process, wait)
    if link is None:
        kill_tree(process)
        raise AssertionError(f"The server did not start:\n{''.join(said)}")
    return Server(home, process, link, took=time.perf_counter() - begin)


def wait_ready(
    process: subprocess.Popen[str], seconds: float
) -> tuple[list[str], str | None]:
    """What the server printed until it was ready, and the address it gave."""
    assert process.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=pump, args=(process.stdout, lines), daemon=True).start()
    said: list[str] = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            break
        if line is None:
            break
        said.append(line)
        if line.startswith(READY):
            return said, line.removeprefix(READY).strip()
    return said, None


def pump(pipe: IO[str], lines: queue.Queue[str | None]) -> None:
    """Keeps reading, so that the server never waits for its own output."""
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put(None)


def client_environment(home: Path) -> dict[str, str]:
    """What `eval "$(studio env)"` sets on the server's machine.

    Its own functions, because starting the command for each server takes long;
    `tests/cli` evaluates its lines.
    """
    server = read_connection_file(home / "client.json")
    assert server is not None, f"No server has started in {home}."
    return exported_variables(server, quiet_environment())


def copy_prepared_home(home: Path) -> None:
    """Fill a home that is missing or empty."""
    if not home.exists() or not any(home.iterdir()):
        shutil.copytree(build_once("home", prepare), home, dirs_exist_ok=True)


def fill_home(home: Path, env: Mapping[str, str] | None = None) -> None:
    """Copy what a start would create; on PostgreSQL, it still creates the tables."""
    if "DATABASE_URL" not in (env or {}):
        copy_prepared_home(home)
    copy_built_files(home)


def copy_built_files(home: Path) -> None:
    """Copy what a start would build: neither is data."""
    for name in ("public", "static"):
        if not (home / name).exists():
            shutil.copytree(build_once("home", prepare) / name, home / name)


def prepare(home: Path) -> None:
    """Let a server create everything that it has before its first request."""
    shutil.copytree(build_once("database", migrate), home, dirs_exist_ok=True)
    start(home, words=["--no-worker"]).stop()


@contextmanager
def running(home: Path, *, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server for the length of a block.

    An empty home begins as a copy of a prepared one: migrating takes seconds. Tests of
    a first start call `start`.
    """
    fill_home(home, env)
    server = start(home, env=env)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server over SQLite for the whole session."""
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started
