"""How fast scripts log: by the real MLflow client, and by bare requests."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import mlflow
import psutil
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from tests.bench.ask import Link
from tests.bench.report import Report, busy
from tests.parts.clients import ROOT, quiet_environment

BATCH = 1000
EXPERIMENT = "bench"
FACTOR, BATCH_FACTOR = "4 × MLflow", "3 × MLflow"


@dataclass
class Target:
    """A server. `environment` is what steers a client to it."""

    address: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def process(self) -> psutil.Process:
        """The child of this process that serves the address, itself or by children."""
        port = urlsplit(self.address).port
        for child in psutil.Process().children():
            for one in (child, *child.children(recursive=True)):
                if any(link.laddr.port == port for link in one.net_connections("tcp")):
                    return child
        raise AssertionError(f"No child of this process serves {self.address}.")

    @property
    def token(self) -> str:
        return self.environment.get("MLFLOW_TRACKING_TOKEN", "")

    def enter(self) -> None:
        """Point this process's MLflow client to it."""
        os.environ.pop("MLFLOW_TRACKING_TOKEN", None)
        os.environ.update(self.environment)
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        mlflow.set_tracking_uri(self.address)
        mlflow.set_experiment(EXPERIMENT)


def rate(work: Callable[[], object], seconds: float, each: int = 1) -> float:
    """How often a second, by whole calls, after one to warm up."""
    work()
    start = time.perf_counter()
    done = 0
    while (took := time.perf_counter() - start) < seconds:
        work()
        done += 1
    return done * each / took


def log_metric(seconds: float) -> float:
    """One call a point, as training loops write it."""
    with mlflow.start_run():
        steps = count()
        return rate(lambda: mlflow.log_metric("loss", 0.5, step=next(steps)), seconds)


def log_batch(seconds: float) -> float:
    client = MlflowClient()
    with mlflow.start_run() as run:
        steps = count()

        def send() -> None:
            now = int(time.time() * 1000)
            metrics = [
                Metric("loss", step / 7, now, step)
                for step in (next(steps) for _ in range(BATCH))
            ]
            client.log_batch(run.info.run_id, metrics)

        return rate(send, seconds, BATCH)


def whole_runs(seconds: float) -> float:
    numbers = count()

    def one() -> None:
        number = next(numbers)
        with mlflow.start_run(run_name=f"bench {number}"):
            mlflow.log_params({f"p{place}": number for place in range(5)})
            mlflow.log_metrics({f"m{place}": number / 7 for place in range(5)})
            mlflow.set_tags({f"t{place}": number for place in range(4)})

    return rate(one, seconds)


def raw_metric(target: Target, seconds: float) -> float:
    """The same requests without a client: what the server can."""
    link, run = raw_run(target)
    steps = count()

    def send() -> None:
        step = next(steps)
        body = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": step}
        link.mlflow("POST", "/runs/log-metric", {**body, "step": step})

    return rate(send, seconds)


def raw_batch(target: Target, seconds: float) -> float:
    link, run = raw_run(target)
    steps = count()

    def send() -> None:
        points = [
            {"key": "loss", "value": step / 7, "timestamp": step, "step": step}
            for step in (next(steps) for _ in range(BATCH))
        ]
        link.mlflow("POST", "/runs/log-batch", {"run_id": run, "metrics": points})

    return rate(send, seconds, BATCH)


def rest_batch(target: Target, seconds: float) -> float:
    """Our own REST API, whose batches have a sequence."""
    link, run = raw_run(target)
    steps, numbers = count(), count()

    def send() -> None:
        points = [
            {"key": "loss", "value": step / 7, "time": step, "step": step}
            for step in (next(steps) for _ in range(BATCH))
        ]
        body = {"writer": "bench", "sequence": next(numbers), "points": points}
        link.send("POST", f"/api/v1/workspaces/default/runs/{run}/metrics", body)

    return rate(send, seconds, BATCH)


def raw_run(target: Target) -> tuple[Link, str]:
    link = Link(target.address, target.token)
    body = {"experiment_id": "0", "start_time": 1}
    made = link.mlflow("POST", "/runs/create", body)
    run: str = made["run"]["info"]["run_id"]
    return link, run


def processes(target: Target, seconds: float, number: int = 4) -> float:
    """`log_metric` by several clients at once, each a process."""
    command = [sys.executable, "-m", "tests.bench.ingest", target.address, str(seconds)]
    running = [
        subprocess.Popen(
            command,
            env={**quiet_environment(), **target.environment},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(number)
    ]
    said = [process.communicate()[0] for process in running]
    return sum(float(text.split()[-1]) for text in said)


WORKS: dict[str, tuple[Callable[[Target, float], float], str, str]] = {
    "log_metric, MLflow client": (lambda _, s: log_metric(s), "calls/s", FACTOR),
    "log_metric, four clients": (processes, "calls/s", ""),
    "log_batch of 1,000, MLflow client": (
        lambda _, s: log_batch(s),
        "points/s",
        BATCH_FACTOR,
    ),
    "runs (5+5+4), MLflow client": (lambda _, s: whole_runs(s), "runs/s", FACTOR),
    "log-metric, bare requests": (raw_metric, "calls/s", ""),
    "log-batch of 1,000, bare requests": (raw_batch, "points/s", ""),
}


@dataclass(frozen=True)
class Speed:
    """A rate, and processor milliseconds for each call, batch or run."""

    rate: float
    client: float
    server: float


def speed(
    work: Callable[[Target, float], float], target: Target, seconds: float, each: int
) -> Speed:
    target.enter()
    client, server = time.process_time(), busy(target.process)
    found = work(target, seconds)
    client, server = time.process_time() - client, busy(target.process) - server
    calls = found * seconds / each
    return Speed(found, client / calls * 1000, server / calls * 1000)


def median(speeds: Sequence[Speed]) -> Speed:
    columns = ([getattr(s, f.name) for s in speeds] for f in fields(Speed))
    return Speed(*map(statistics.median, columns))


def measure(
    ours: Target, theirs: Target | None, report: Report, *, seconds: float, rounds: int
) -> None:
    """In turns, so that what else the machine does meets both.

    Rates depend on the disk and on other work, processor times hardly. `at best` is the
    factor that a server which takes no time at all would reach: the client's own time
    is left.
    """
    for name, (work, unit, limit) in WORKS.items():
        each = BATCH if unit == "points/s" else 1
        found: list[tuple[Speed, ...]] = [
            tuple(
                speed(work, target, seconds, each)
                for target in (ours, theirs)
                if target is not None
            )
            for _ in range(rounds)
        ]
        here, *there = map(median, zip(*found, strict=True))
        figures: dict[str, Any] = {"rate": here.rate, "unit": unit}
        # Other processes log, and their start would count.
        has_own_client = work is not processes
        if has_own_client:
            figures["client_ms"] = here.client
        figures["server_ms"] = here.server
        for other in there:
            figures["mlflow"] = other.rate
            figures["times"] = here.rate / other.rate
            if has_own_client:
                figures["at_best"] = each * 1000 / other.rate / here.client
            figures["mlflow_server_ms"] = other.server
            figures["server_times"] = other.server / here.server
        report.add(name, limit, **figures)
    rates_here = [rest_batch(ours, seconds) for _ in range(rounds)]
    rest = statistics.median(rates_here)
    report.add("REST batch of 1,000, bare requests", rate=rest, unit="points/s")


if __name__ == "__main__":
    Target(sys.argv[1], dict(os.environ)).enter()
    print(log_metric(float(sys.argv[2])))
