"""Slow clients by the hundred, while a person opens the run list and scripts log.

The crowd is one process with one event loop; what is measured runs in others, so that
the crowd's own work does not count as the server's.
"""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
import resource
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import uvloop

from tests.bench.report import Report
from tests.parts.cookies import sign_in
from tests.parts.manage import manage
from tests.parts.server import Server
from tests.parts.slow import Crowd, upload
from tests.parts.wire import Connection

BIG = 30_000_000
UPLOAD = 1_000_000
UPLOAD_RATE = 20_000
RUNS = 100
BATCH = 100
WRITERS = 2
READER = """
from runs.actions.actor import Actor
from runs.actions.account import create_token
from runs.models import User, Workspace
user = User.objects.first()
actor, workspace = Actor(user, None), Workspace.objects.get(name="default")
print(create_token(user, workspace, "slow", actor=actor, now=0)[1])
"""


@dataclass(frozen=True)
class Scene:
    """What the crowd and those who are measured need to know of the server."""

    port: int
    token: str
    slow_token: str
    cookie: str
    list_path: str
    artifacts: str


def prepare(server: Server, home: Path, env: dict[str, str]) -> Scene:
    """Runs to list, a file to download, a token for the crowd, a signed-in person."""
    wire = Connection(server)
    found = wire.call("POST", "/experiments/create", {"name": "slow"})
    number = found["experiment_id"]
    for step in range(RUNS):
        body = {"experiment_id": number, "start_time": 1_700_000_000_000 + step}
        run = wire.call("POST", "/runs/create", body)["run"]["info"]
        log(wire, run["run_id"], step, 5)
    artifacts = (
        f"/api/2.0/mlflow-artifacts/artifacts/{number}/{run['run_id']}/artifacts"
    )
    wire.ask("PUT", f"{artifacts}/big.bin", bytes(BIG))
    done = manage(home, "shell", "-v", "0", "-c", READER, env=env)
    slow_token = done.stdout.strip().splitlines()[-1]
    port = urlsplit(server.url).port or 0
    cookie = sign_in(server)
    return Scene(
        port,
        server.token,
        slow_token,
        cookie,
        "/w/default/runs/",
        artifacts,
    )


def log(wire: Connection, run_id: str, first: int, count: int) -> None:
    points = [
        {"key": "loss", "value": step / 7, "timestamp": 1_700_000_000_000, "step": step}
        for step in range(first, first + count)
    ]
    wire.call("POST", "/runs/log-batch", {"run_id": run_id, "metrics": points})


# The crowd's process.


def crowd(scene: Scene, each: int, uploads: int, pipe: Pipe) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20000)), hard))
    uvloop.run(run_crowd(scene, each, uploads, pipe))


async def run_crowd(scene: Scene, each: int, uploads: int, pipe: Pipe) -> None:
    """Attack until the pipe says stop; then tell what came of it."""
    slow = Crowd("127.0.0.1", scene.port, scene.slow_token)
    slow.strangers(each)
    slow.searchers(each)
    slow.uploaders(each, f"{scene.artifacts}/never.bin")
    slow.deaf(each, f"{scene.artifacts}/big.bin")
    honest = [
        asyncio.create_task(
            upload(
                "127.0.0.1",
                scene.port,
                scene.token,
                f"{scene.artifacts}/thin/{number}.bin",
                UPLOAD,
                UPLOAD_RATE,
            )
        )
        for number in range(uploads)
    ]
    while not pipe.poll():
        await asyncio.sleep(0.2)
    statuses = Counter(task.result() if task.done() else -1 for task in honest)
    await slow.stop()
    pipe.send((dict(slow.opened), dict(slow.answered), dict(statuses)))


# What is measured.


class Person:
    """Opens the run list repeatedly; `times` are in milliseconds."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.times: list[float] = []
        self.alive: list[float] = []
        self.failures: list[str] = []

    def look(self) -> None:
        self.times.append(self._get(self.scene.list_path))
        self.alive.append(self._get("/healthz"))

    def _get(self, path: str) -> float:
        begin = time.perf_counter()
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.scene.port, timeout=60
        )
        try:
            connection.request("GET", path, headers={"Cookie": self.scene.cookie})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                self.failures.append(f"{path}: {answer.status}")
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{path}: {error!r}")
        finally:
            connection.close()
        return (time.perf_counter() - begin) * 1000


def ingest(server: Server, seconds: float, pipe: Pipe) -> None:
    """Log batches over kept-alive connections; sends how many calls were answered."""
    counts: list[int] = []
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=one_writer, args=(server, end, counts))
        for _ in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(sum(counts))


def one_writer(server: Server, end: float, counts: list[int]) -> None:
    wire = Connection(server)
    body = {"experiment_id": "0", "start_time": 1_700_000_000_000}
    run_id = wire.call("POST", "/runs/create", body)["run"]["info"]["run_id"]
    done = 0
    while time.monotonic() < end:
        log(wire, run_id, done * BATCH, BATCH)
        done += 1
    counts.append(done)


def watched(server: Server, scene: Scene, seconds: float) -> tuple[Person, float, int]:
    """The person's times, calls a second of the writers, and MB of the server."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    writers = context.Process(target=ingest, args=(plain(server), seconds, theirs))
    writers.start()
    person, end, memory = Person(scene), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        person.look()
        memory = max(memory, megabytes(server))
        time.sleep(0.2)
    assert ours.poll(60), "The writers do not come to an end"
    calls: Any = ours.recv()
    writers.join()
    return person, calls / seconds, memory


def plain(server: Server) -> Any:
    """What another process needs of it."""
    return PlainServer(server.environment, server.token)


@dataclass(frozen=True)
class PlainServer:
    environment: dict[str, str]
    token: str


def megabytes(server: Server) -> int:
    """Of all web processes together, shared memory counted once."""
    total = 0
    for process in psutil.Process(server.process.pid).children(recursive=True):
        try:
            if "runs.management.web" in process.cmdline():
                total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total // 1024**2


def measure(
    server: Server,
    scene: Scene,
    report: Report,
    *,
    seconds: float,
    each: int,
    uploads: int,
) -> bool:
    """Whether the server held what docs/user/operation.md promises."""
    calm, before, memory = watched(server, scene, min(seconds, 20))
    add(report, "nobody else", calm, before, memory)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    attack = context.Process(target=crowd, args=(scene, each, uploads, theirs))
    attack.start()
    person, during, memory = watched(server, scene, seconds)
    ours.send("stop")
    opened, answered, statuses = ours.recv()
    attack.join()
    add(report, f"4 × {each} slow clients", person, during, memory)
    stored = statuses.get(200, 0)
    report.add("thin uploads", f"{uploads}", stored=stored)
    report.notes += [
        f"opened: {opened}",
        f"answered: {answered}",
        f"statuses of the uploads: {statuses}",
        f"failures: {(calm.failures + person.failures)[:5]}",
    ]
    held = max(person.times) < 500 and during >= before / 2 and not person.failures
    return held and stored == uploads


def add(report: Report, name: str, person: Person, calls: float, memory: int) -> None:
    times = sorted(person.times)
    report.add(
        name,
        "500 ms",
        list_p50=round(statistics.median(times)),
        list_p99=round(times[min(len(times) - 1, int(len(times) * 0.99))]),
        list_max=round(times[-1]),
        healthz_max=round(max(person.alive)),
        calls_per_s=round(calls, 1),
        memory_mb=memory,
    )
