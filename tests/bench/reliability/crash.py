"""Random crashes of every process that touches stored data, one after the other.

Clients log to a real server. In each round one thing is killed with `kill -9` at a
random moment: the whole server, its supervisor, a web process, the worker, a backup, a
restore, a purge or an upgrade. After it every acknowledged row and file must be there,
once, and `manage.py verify` must find nothing.
"""

from __future__ import annotations

import random
import shutil
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.bench.reliability.kill import Writer, new_writer
from tests.parts.clients import ROOT
from tests.parts.manage import manage, manage_killed
from tests.parts.owner_token import owner_token
from tests.parts.server import Server, copy_built_files, fill_home, start
from tests.parts.wire import DEATHS, Connection

KINDS = (
    *("server", "supervisor", "web", "worker"),
    *("backup", "restore", "purge", "upgrade"),
)
RELEASE = ROOT / "tests/upgrades/0.1.0"
WRITERS = 3
#: The number of writers of earlier rounds that each round checks again.
LOOK_BACK = 3
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Round:
    """What one round killed, what was acknowledged in it, and what was wrong after."""

    kind: str
    points: int
    files: int
    wrong: tuple[str, ...]


@dataclass
class Campaign:
    """One home, one database, and all that was ever acknowledged by them."""

    folder: Path
    seed: int
    #: The environment of the server over that home.
    env: Mapping[str, str] = field(default_factory=dict)
    #: A database for a home of its own: a restored or upgraded one.
    other_env: Callable[[], Mapping[str, str]] = dict
    server: Server | None = None
    team: list[Writer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.home = self.folder / "home"
        fill_home(self.home, self.env)
        self.backups = self.folder / "backups"

    def run(self, kind: str) -> Round:
        before = self.counted()
        wrong = [*getattr(self, f"crash_{kind}")(), *self.check()]
        after = self.counted()
        return Round(kind, after[0] - before[0], after[1] - before[1], tuple(wrong))

    def counted(self) -> tuple[int, int]:
        points = sum(2 * 20 * one.acknowledged for one in self.team)
        return points, sum(len(one.files) for one in self.team)

    def running(self) -> Server:
        if self.server is None:
            self.server = start(self.home, env=self.env)
        return self.server

    def end(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None

    # What is killed

    def crash_server(self) -> Iterator[str]:
        with self.load():
            self.running().kill()
        self.server = None
        yield from ()

    def crash_supervisor(self) -> Iterator[str]:
        """Its children must end by themselves, else the next start is refused."""
        server = self.running()
        with self.load():
            children = psutil.Process(server.process.pid).children(recursive=True)
            server.process.kill()
            server.process.wait(WAIT_SECONDS)
            _gone, alive = psutil.wait_procs(children, timeout=WAIT_SECONDS)
        self.server = None
        for process in alive:
            yield f"process {process.pid} outlived its supervisor"
            process.kill()

    def crash_web(self) -> Iterator[str]:
        yield from self.crash_child("runs.management.web")

    def crash_worker(self) -> Iterator[str]:
        yield from self.crash_child("worker")

    def crash_child(self, word: str) -> Iterator[str]:
        """One process below the supervisor, which must start another."""
        with self.load():
            killed = self.chance.choice(self.processes(word))
            killed.kill()
        if not wait_for(lambda: self.replaced(word, killed.pid)):
            yield f"no process took the place of {word} {killed.pid}"

    def replaced(self, word: str, old: int) -> bool:
        there = [process.pid for process in self.processes(word)]
        return bool(there) and old not in there and answers(self.running())

    def processes(self, word: str) -> list[psutil.Process]:
        top = psutil.Process(self.running().process.pid)
        found = []
        for process in top.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if word in process.cmdline() and process.status() != "zombie":
                    found.append(process)
        return found

    def crash_backup(self) -> Iterator[str]:
        with self.load():
            self.kill_command(self.home, self.env, "backup", str(self.backups))
            yield from self.manage(self.home, self.env, "backup", str(self.backups))
        yield from self.manage(
            self.home, self.env, "verify", "--backup", str(self.backups)
        )

    def crash_restore(self) -> Iterator[str]:
        """A restore that was killed is repeated, and then has all of the backup."""
        self.running()
        yield from self.manage(self.home, self.env, "backup", str(self.backups))
        env, home = self.other_env(), self.folder / "restored"
        home.mkdir(mode=0o700)
        try:
            self.kill_command(home, env, "restore", str(self.backups))
            again = list(self.manage(home, env, "restore", str(self.backups)))
            # The first one may have ended before it could be killed.
            yield from (line for line in again if "is not empty" not in line)
            yield from self.manage(home, env, "verify", "--full")
            with started(home, env) as server:
                for one in self.recent():
                    yield from one.missing(Connection(server))
        finally:
            shutil.rmtree(home)

    def crash_purge(self) -> Iterator[str]:
        """A run is wholly there or wholly gone; its bytes go with it in the end."""
        server = self.running()
        connection = Connection(server)
        doomed = new_writer(connection, self.chance.getrandbits(30))
        for number in range(20):
            doomed.write_file(connection, random.Random(number))
        doomed.send(connection, 0)
        doomed.acknowledged = doomed.sent = 1
        connection.rest("DELETE", f"/runs/{doomed.run_id}")
        connection.headers["Authorization"] = (
            f"Bearer {owner_token(self.home, self.env)}"
        )
        purge = threading.Thread(target=purge_run, args=(connection, doomed.run_id))
        purge.start()
        time.sleep(self.chance.uniform(0, 0.2))
        server.kill()
        purge.join(WAIT_SECONDS)
        self.server = None
        connection = Connection(self.running())
        with suppress(AssertionError):
            connection.rest("GET", f"/runs/{doomed.run_id}")
            yield from doomed.missing(connection)

    def crash_upgrade(self) -> Iterator[str]:
        """The home of an older release, whose first start was killed."""
        home = self.folder / "older"
        with tarfile.open(RELEASE / "sqlite.tar.xz") as archive:
            archive.extractall(home, filter="data")
        home.chmod(0o700)
        try:
            self.kill_command(home, {}, "studio", "--port", "0", seconds=3)
            with started(home, {}):
                yield from self.manage(home, {}, "verify")
        finally:
            shutil.rmtree(home)

    # How it is killed and looked at

    @contextmanager
    def load(self) -> Iterator[None]:
        """Writers that log from a moment before the block until they are stopped."""
        server = self.running()
        connection = Connection(server)
        seeds = [self.chance.getrandbits(30) for _ in range(WRITERS)]
        writers = [new_writer(connection, seed) for seed in seeds]
        threads = [
            threading.Thread(target=one.write, args=(server,)) for one in writers
        ]
        self.team += writers
        for thread in threads:
            thread.start()
        time.sleep(self.chance.uniform(0.1, 1))
        try:
            yield
            time.sleep(self.chance.uniform(0, 0.3))
        finally:
            for one in writers:
                one.stop.set()
            for thread in threads:
                thread.join(WAIT_SECONDS)

    def recent(self) -> list[Writer]:
        """The writers of this round, and some of the rounds before it."""
        older, newest = self.team[:-WRITERS], self.team[-WRITERS:]
        return [*newest, *self.chance.sample(older, min(LOOK_BACK, len(older)))]

    def check(self) -> Iterator[str]:
        connection = Connection(self.running())
        for one in self.recent():
            if one.error:
                yield one.error
            yield from one.missing(connection)
            one.repeat_last(connection)
            yield from one.missing(connection)
        yield from self.manage(self.home, self.env, "verify")

    def kill_command(
        self, home: Path, env: Mapping[str, str], *words: str, seconds: float = 2
    ) -> None:
        manage_killed(home, *words, env=env, after=self.chance.uniform(0.2, seconds))

    def manage(self, home: Path, env: Mapping[str, str], *words: str) -> Iterator[str]:
        """Runs a command that must succeed; yields its output if it did not."""
        done = manage(home, *words, env=env, seconds=300)
        if done.returncode:
            yield f"{words[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"


@contextmanager
def started(home: Path, env: Mapping[str, str]) -> Iterator[Server]:
    copy_built_files(home)
    server = start(home, env=env)
    try:
        yield server
    finally:
        server.stop()


def purge_run(connection: Connection, run_id: str) -> None:
    with suppress(*DEATHS):
        connection.rest("POST", f"/runs/{run_id}/purge")


def answers(server: Server) -> bool:
    try:
        Connection(server).rest("GET", "/experiments")
    except DEATHS:
        return False
    return True


def wait_for(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def campaign(rounds: int, found: Campaign) -> Iterator[Round]:
    """Each kind in turn, in an order that the seed decides."""
    try:
        while rounds > 0:
            for kind in found.chance.sample(KINDS, min(len(KINDS), rounds)):
                yield found.run(kind)
                rounds -= 1
    finally:
        found.end()
