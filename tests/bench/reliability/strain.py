"""What is built to be slow, over HTTP: does it stay bounded, and come back right?

A metric whose distinct steps arrive in no order, a run with thousands of metrics, a run
that is tagged call by call: each says what the first and the last calls cost, the worst
one, and what the server's processes hold afterwards.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import click

from tests.bench.ask import Link
from tests.bench.report import Report, times
from tests.bench.starting import memory
from tests.parts.server import Server

BATCH, PAGE = 1_000, 25_000
#: The number of first and of last calls that are compared.
ENDS = 50


@dataclass
class Calls:
    """How long each call took, in milliseconds."""

    took: list[float] = field(default_factory=list)

    def each(self, call: Callable[[Any], object], given: Iterable[Any]) -> None:
        for one in given:
            begin = time.perf_counter()
            call(one)
            self.took.append((time.perf_counter() - begin) * 1000)

    def figures(self) -> dict[str, Any]:
        ends = max(1, min(ENDS, len(self.took) // 4))
        return {
            "calls": len(self.took),
            "first_ms": statistics.median(self.took[:ends]),
            "last_ms": statistics.median(self.took[-ends:]),
            "worst_ms": max(self.took),
        }


def measure(server: Server, report: Report, *, points: int, many: int) -> None:
    link = Link(server.environment["MLFLOW_TRACKING_URI"], server.token)
    works: tuple[tuple[str, Callable[[], Calls]], ...] = (
        (f"{points:,} steps in no order", lambda: wild(link, points, report)),
        (f"{many:,} metrics of one run", lambda: metrics(link, many)),
        (f"{many:,} tags set one by one", lambda: tags(link, many)),
    )
    for name, work in works:
        report.add(name, **work().figures(), server_MB=memory(server))


def new_run(link: Link) -> str:
    body = {"experiment_id": "0", "start_time": 1}
    made: str = link.mlflow("POST", "/runs/create", body)["run"]["info"]["run_id"]
    return made


def wild(link: Link, points: int, report: Report) -> Calls:
    run, steps, calls = new_run(link), list(range(points)), Calls()
    random.Random(1).shuffle(steps)
    arriving = iter(steps)

    def send(batch: list[int]) -> None:
        found = [
            {"key": "wild", "value": step / 7, "timestamp": step, "step": step}
            for step in batch
        ]
        link.mlflow("POST", "/runs/log-batch", {"run_id": run, "metrics": found})

    calls.each(send, iter(lambda: list(islice(arriving, BATCH)), []))
    chart = f"/w/default/runs/{run}/metrics/chart.json?{urlencode({'key': 'wild'})}"
    took = times(lambda: link.send("GET", chart), 5)
    report.add("its chart", "150 ms", last_ms=took)
    reading, history = Calls(), History(link, run)
    reading.each(history.check, range(0, points, PAGE))
    if history.token:
        raise click.ClickException("The history goes on after what was logged")
    report.add("its history, in pages", **reading.figures())
    return calls


@dataclass
class History:
    """Reads the series page by page and compares it with what was logged."""

    link: Link
    run: str
    token: str = ""

    def check(self, first: int) -> None:
        asked = {"run_id": self.run, "metric_key": "wild", "max_results": str(PAGE)}
        if self.token:
            asked["page_token"] = self.token
        path = f"/api/2.0/mlflow/metrics/get-history?{urlencode(asked)}"
        found = json.loads(self.link.send("GET", self.link.prefix + path))
        self.token = found.get("next_page_token", "")
        read = [(point.get("step", 0), point["value"]) for point in found["metrics"]]
        steps = range(first, first + len(read))
        if not read or read != [(step, step / 7) for step in steps]:
            raise click.ClickException(f"From {first} on the history is another one")


def metrics(link: Link, many: int) -> Calls:
    run, calls = new_run(link), Calls()

    def send(first: int) -> None:
        found = [
            {"key": f"m{n:05}", "value": n / 7, "timestamp": 1, "step": 1}
            for n in range(first, min(first + BATCH, many))
        ]
        link.mlflow("POST", "/runs/log-batch", {"run_id": run, "metrics": found})

    calls.each(send, range(0, many, BATCH))
    return calls


def tags(link: Link, many: int) -> Calls:
    run, calls = new_run(link), Calls()

    def send(number: int) -> None:
        body = {"run_id": run, "key": f"tag-{number:05}", "value": f"value {number}"}
        link.mlflow("POST", "/runs/set-tag", body)

    calls.each(send, range(many))
    return calls
