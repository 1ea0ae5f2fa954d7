"""The queue by REST alone: how fast it is drained, and that no run is lost."""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from studio import __version__
from tests.bench.commands import AS_JSON, KIND
from tests.bench.compute.sweeps import wait_for_children
from tests.bench.places import database
from tests.bench.report import Report
from tests.parts.owner_token import owner_token
from tests.parts.server import Server, start

#: How often an empty queue is asked.
EMPTY_TAKES = 200
STEPS = ("Running", "Completed")


class Caller:
    """One connection to the REST API of the default workspace."""

    def __init__(
        self, server: Server, token: str, link: http.client.HTTPConnection | None = None
    ) -> None:
        address = urlsplit(server.url).netloc
        self.server = server
        self.http = link or http.client.HTTPConnection(address, timeout=60)
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }

    def with_token(self, token: str) -> Caller:
        return Caller(self.server, token, self.http)

    def post(self, path: str, **body: Any) -> Any:
        return self.send("POST", path, body)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body)
        address = f"/api/v1/workspaces/default/{path}"
        while True:
            self.http.request(method, address, content, self.headers)
            answer = self.http.getresponse()
            reply = answer.read()
            if answer.status == 503:
                # Another writer had the database for longer than it may.
                time.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            if answer.status >= 400:
                raise click.ClickException(f"{path}: {answer.status} {reply.decode()}")
            return json.loads(reply)


@dataclass
class Drained:
    """What the agents took, from all threads."""

    taken: Counter[str] = field(default_factory=Counter)
    takes: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@click.command("queue")
@click.option("--runs", default=1000, show_default=True, help="Runs of the sweep.")
@click.option("--slots", default=8, show_default=True, help="Agents with one slot.")
@KIND
@AS_JSON
def queue(runs: int, slots: int, kind: str, as_json: bool) -> None:
    """Submit a sweep, and let agents take and end its runs.

    Ends with 1 if a run is lost, taken twice, or not Completed.
    """
    report = Report(f"A queue of {runs:,} runs, {slots} slots, {kind}")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with database(home, kind) as env:
            server = start(home, env=env)
            try:
                wrong = _measure(server, owner_token(home, env), runs, slots, report)
            finally:
                server.stop()
    report.show(as_json=as_json)
    for line in wrong:
        click.echo(line, err=True)
    sys.exit(1 if wrong else 0)


def _measure(
    server: Server, token: str, runs: int, slots: int, report: Report
) -> list[str]:
    owner = Caller(server, token)
    agents = [_register(server, owner, number) for number in range(slots)]
    median, longest = _time_empty_takes(*agents[0])
    report.add("take from an empty queue", median_ms=median, max_ms=longest)
    base = {"experiment": "queue", "id": "base", "definition": {"command": "true"}}
    owner.post("runs", **base)
    began = time.perf_counter()
    space = {"seed": {"from": 1, "to": runs}}
    owner.post("sweeps", run="base", id="sweep", space=space)
    children = wait_for_children(lambda: owner.send("GET", "runs/sweep/sweep"))
    report.add("submit the sweep", seconds=time.perf_counter() - began)
    drained = Drained()
    began = time.perf_counter()
    threads = [threading.Thread(target=_drain, args=(*one, drained)) for one in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    report.add(
        "take and end all",
        seconds=seconds,
        runs_per_s=runs / seconds,
        take_ms=1000 * statistics.median(drained.takes),
        take_max_ms=1000 * max(drained.takes),
    )
    return _find_wrong(owner, children, drained)


def _register(server: Server, owner: Caller, number: int) -> tuple[Caller, int]:
    token = owner.post("compute/local/agent-tokens", name=f"agent {number}")["token"]
    agent = Caller(server, token)
    made = agent.post(
        "agents",
        name=f"agent-{number}",
        instance=f"instance-{number}",
        slots=1,
        version=__version__,
    )
    return agent, made["id"]


def _time_empty_takes(agent: Caller, number: int) -> tuple[float, float]:
    seconds = []
    for _ in range(EMPTY_TAKES):
        began = time.perf_counter()
        agent.post(f"agents/{number}/take", free=1)
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds), 1000 * max(seconds)


def _drain(agent: Caller, number: int, drained: Drained) -> None:
    """Take one run after the other until nothing is queued, and report its end."""
    while True:
        began = time.perf_counter()
        jobs = agent.post(f"agents/{number}/take", free=1)["jobs"]
        took = time.perf_counter() - began
        if not jobs:
            return
        [job] = jobs
        with drained.lock:
            drained.taken[job["run"]] += 1
            drained.takes.append(took)
        runner = agent.with_token(job["token"])
        for status in STEPS:
            runner.post(
                f"runs/{job['run']}/status", status=status, launcher=True, attempt=1
            )


def _find_wrong(owner: Caller, children: list[str], drained: Drained) -> list[str]:
    wrong = [f"{run} was taken twice" for run, n in drained.taken.items() if n > 1]
    wrong += [f"{run} was not taken" for run in children if not drained.taken[run]]
    for run in children:
        job = owner.send("GET", f"runs/{run}/job")
        outcomes = [one["outcome"] for one in job["attempts"]]
        if outcomes != ["Completed"]:
            wrong.append(f"{run} has the attempts {outcomes}")
    if owner.send("GET", "runs/sweep")["status"] != "Completed":
        wrong.append("The sweep is not Completed")
    return wrong
