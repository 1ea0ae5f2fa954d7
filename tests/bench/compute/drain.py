"""A queue that a real agent drains: every run is a process with a runner of its own."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click
import psutil

from tests.agent.cluster import Cluster
from tests.bench.commands import AS_JSON
from tests.bench.compute.commands import fresh_cluster
from tests.bench.compute.sweeps import wait_for_children
from tests.bench.report import Report

#: How long the whole queue may take, for each run.
SECONDS_PER_RUN = 10
POLL_SECONDS = 0.5
_TAKEN = re.compile(r"Run (\S+): taken")


@click.command("drain")
@click.option("--runs", default=1000, show_default=True, help="Runs of the sweep.")
@click.option("--slots", default=8, show_default=True, help="Of the agent.")
@AS_JSON
def drain(runs: int, slots: int, as_json: bool) -> None:
    """Let one real agent drain a sweep of runs of the command `true`.

    Ends with 1 if a run is lost, started twice, or not Completed.
    """
    report = Report(f"An agent drains {runs:,} runs with {slots} slots")
    with fresh_cluster() as cluster:
        wrong = _measure(cluster, runs, slots, report)
    report.show(as_json=as_json)
    for line in wrong:
        click.echo(line, err=True)
    sys.exit(1 if wrong else 0)


def _measure(cluster: Cluster, runs: int, slots: int, report: Report) -> list[str]:
    definition = {"command": "true", "target": cluster.target}
    body = {"experiment": "drain", "id": "base", "definition": definition}
    cluster.owner.post("runs", {**body, "status": "NotStarted"})
    space = {"run": "base", "id": "sweep", "space": {"seed": {"from": 1, "to": runs}}}
    began = time.perf_counter()
    cluster.owner.post("sweeps", space)
    children = wait_for_children(lambda: cluster.owner.get("runs/sweep/sweep"))
    report.add("submit the sweep", seconds=time.perf_counter() - began)
    server = psutil.Process(cluster.server.process.pid)
    before = _cpu_seconds(server)
    agent = psutil.Process(cluster.start_agent(f"--slots={slots}").pid)
    began = time.perf_counter()
    is_done = _wait_for_end(cluster, began + runs * SECONDS_PER_RUN)
    seconds = time.perf_counter() - began
    report.add(
        "start and end all",
        seconds=seconds,
        runs_per_s=runs / seconds,
        server_cpu_s=_cpu_seconds(server) - before,
        jobs_cpu_s=_cpu_seconds(agent),
    )
    wrong = [] if is_done else [f"After {seconds:.0f} s the sweep is not at its end"]
    return wrong + _find_wrong(cluster, children)


def _wait_for_end(cluster: Cluster, until: float) -> bool:
    """Ask seldom, because each request costs the server time."""
    while time.perf_counter() < until:
        if cluster.status("sweep") not in ("Queued", "Running"):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _cpu_seconds(process: psutil.Process) -> float:
    """The processor time of a process, all below it, and those that ended."""
    every = [process, *process.children(recursive=True)]
    times = [one.cpu_times() for one in every if one.is_running()]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def _find_wrong(cluster: Cluster, children: Sequence[str]) -> list[str]:
    log = Counter(_TAKEN.findall(cluster.log))
    wrong = [f"{run} was taken {log[run]} times" for run in children if log[run] != 1]
    for run in children:
        job: dict[str, Any] = cluster.owner.get(f"runs/{run}/job")
        outcomes = [one["outcome"] for one in job["attempts"]]
        if outcomes != ["Completed"]:
            wrong.append(f"{run} has the attempts {outcomes}")
    if cluster.status("sweep") != "Completed":
        wrong.append(f"The sweep is {cluster.status('sweep')}")
    return wrong
