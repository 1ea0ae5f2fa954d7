"""How fast scripts log: by the real MLflow client, and by bare requests."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import mlflow
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from tests.bench.ask import Link
from tests.bench.report import Report
from tests.parts.clients import ROOT, quiet_environment

BATCH = 1000
EXPERIMENT = "bench"
FACTOR = "3 × MLflow"


@dataclass
class Target:
    """A server. `environment` is what steers a client to it."""

    address: str
    environment: Mapping[str, str] = field(default_factory=dict)

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
        FACTOR,
    ),
    "runs (5+5+4), MLflow client": (lambda _, s: whole_runs(s), "runs/s", FACTOR),
    "log-metric, bare requests": (raw_metric, "calls/s", ""),
    "log-batch of 1,000, bare requests": (raw_batch, "points/s", ""),
}


def measure(
    ours: Target, theirs: Target | None, report: Report, *, seconds: float, rounds: int
) -> None:
    """In turns, so that what else the machine does meets both."""
    for name, (work, unit, limit) in WORKS.items():
        rates: dict[int, list[float]] = {0: [], 1: []}
        for _ in range(rounds):
            for side, target in enumerate((ours, theirs)):
                if target is not None:
                    target.enter()
                    rates[side].append(work(target, seconds))
        figures: dict[str, Any] = {"rate": statistics.median(rates[0]), "unit": unit}
        if theirs is not None:
            figures["mlflow"] = statistics.median(rates[1])
            figures["times"] = figures["rate"] / figures["mlflow"]
        report.add(name, limit, **figures)
    rates_here = [rest_batch(ours, seconds) for _ in range(rounds)]
    rest = statistics.median(rates_here)
    report.add("REST batch of 1,000, bare requests", rate=rest, unit="points/s")


if __name__ == "__main__":
    Target(sys.argv[1], dict(os.environ)).enter()
    print(log_metric(float(sys.argv[2])))
