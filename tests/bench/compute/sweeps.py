"""Sweeps: the same best run twice, and how long a large one blocks other writers."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import click
import psutil

from tests.agent.cluster import Cluster
from tests.bench.commands import AS_JSON
from tests.bench.compute.commands import fresh_cluster
from tests.bench.report import Report

#: Logs a curve: the closer x is to 0.3, the higher it is.
TRAIN = """
import sys, time
from azureml.core import Run
x = float(sys.argv[sys.argv.index("--x") + 1])
run = Run.get_context()
for step in range({points}):
    run.log("acc", (1 - abs(x - 0.3)) * (1 - 0.5 ** (step + 1)))
    time.sleep(1)
"""
SAMPLE = {
    "run": "base",
    "space": {"x": {"from": 0.0, "to": 1.0}},
    "sampling": "random",
    "seed": 7,
    "primary_metric": "acc",
    "goal": "maximize",
    "policy": {"type": "median"},
}
ENDED = ("Completed", "Failed", "Canceled")
SECONDS_PER_RUN = 60
LARGE = 1000


@click.command("sweeps")
@click.option("--runs", default=30, show_default=True, help="Runs of each sweep.")
@click.option("--slots", default=4, show_default=True, help="Of the agent.")
@click.option("--points", default=5, show_default=True, help="Values of each run.")
@AS_JSON
def sweeps(runs: int, slots: int, points: int, as_json: bool) -> None:
    """Run the same sweep twice with median stopping, then create a large one.

    Ends with 1 if the best runs differ, or if no run was stopped early.
    """
    report = Report(f"Sweeps of {runs} runs with median stopping, {slots} slots")
    with fresh_cluster() as cluster:
        code = [sys.executable, "-c", TRAIN.format(points=points)]
        definition = {"command": code, "target": cluster.target}
        body = {"experiment": "sweeps", "id": "base", "definition": definition}
        cluster.owner.post("runs", {**body, "status": "NotStarted"})
        cluster.start_agent(f"--slots={slots}")
        found = [_run_sweep(cluster, name, runs, report) for name in ("first", "again")]
        for process in cluster.started:
            process.terminate()
        _create_large(cluster, report)
    report.show(as_json=as_json)
    best = [one["values"] for one in found]
    if best[0] != best[1]:
        click.echo(f"The best runs differ: {best}", err=True)
    is_stopped = all(one["stopped"] for one in found)
    if not is_stopped:
        click.echo("No run was stopped early", err=True)
    sys.exit(0 if best[0] == best[1] and is_stopped else 1)


def _run_sweep(
    cluster: Cluster, name: str, runs: int, report: Report
) -> dict[str, Any]:
    worker = _worker_of(cluster)
    before, began = worker.cpu_times(), time.perf_counter()
    cluster.owner.post("sweeps", {**SAMPLE, "id": name, "count": runs})
    until = began + runs * SECONDS_PER_RUN
    while cluster.status(name) not in ENDED and time.perf_counter() < until:
        time.sleep(1)
    seconds = time.perf_counter() - began
    after = worker.cpu_times()
    info = cluster.owner.get(f"runs/{name}/sweep")
    [best] = [one for one in info["children"] if one["run"] == info["best"]]
    used = after.user + after.system - before.user - before.system
    report.add(
        f"sweep {name}",
        seconds=seconds,
        stopped=info["stopped"],
        best=str(best["values"]["--x"]),
        worker_percent=100 * used / seconds,
    )
    return {"values": best["values"], "stopped": info["stopped"]}


def _worker_of(cluster: Cluster) -> psutil.Process:
    server = psutil.Process(cluster.server.process.pid)
    every = server.children(recursive=True)
    return next(one for one in every if "worker" in one.cmdline())


def _create_large(cluster: Cluster, report: Report) -> None:
    """Create a sweep while another client writes, which must not wait long."""
    waits: list[float] = []
    is_done = threading.Event()

    def write() -> None:
        number = 0
        while not is_done.is_set():
            began = time.perf_counter()
            cluster.owner.post("runs/base/tags", {"set": {"n": str(number)}})
            waits.append(time.perf_counter() - began)
            number += 1
            time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    began = time.perf_counter()
    space = {"seed": {"from": 1, "to": LARGE}}
    cluster.owner.post("sweeps", {"run": "base", "id": "large", "space": space})
    submitted = time.perf_counter() - began
    wait_for_children(lambda: cluster.owner.get("runs/large/sweep"))
    seconds = time.perf_counter() - began
    is_done.set()
    writer.join()
    report.add(
        f"create {LARGE:,} runs",
        submit_ms=1000 * submitted,
        all_seconds=seconds,
        write_max_ms=1000 * max(waits),
    )


def wait_for_children(read_sweep: Callable[[], dict[str, Any]]) -> list[str]:
    """The ids of all children of a sweep, when the worker has created them."""
    while True:
        found = read_sweep()
        if len(found["children"]) == found["total"]:
            return [str(one["run"]) for one in found["children"]]
        time.sleep(0.2)
