"""Slurm: what its executor adds to `sbatch`, many jobs, a sweep with a crash."""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import click
import psutil

from studio.agent.environment_rules import clean_environment
from studio.agent.executors import SlurmExecutor
from studio.core.job_files import JobFile, write_job
from tests.agent.cluster import Cluster
from tests.bench.commands import AS_JSON
from tests.bench.compute.commands import fresh_cluster
from tests.bench.compute.status_delay import measure_status_delay
from tests.bench.compute.sweeps import wait_for_children
from tests.bench.report import Report
from tests.parts.engines.slurm import Slurm, missing_programs, slurm_cluster

#: How long the watched jobs are watched, and how often the agent's loop looks at them.
WATCH_SECONDS, TICK_SECONDS = 30.0, 0.25
#: How long a sweep may take, for each trial.
SECONDS_PER_TRIAL = 10
#: What the controller logs for each job that it accepts.
SUBMITTED = "_slurm_rpc_submit_batch_job"
ENDED = ("Completed", "Failed", "Canceled")


@click.command("compute")
@click.option("--starts", default=30, show_default=True, help="Measured submissions.")
@click.option("--watched", default=1000, show_default=True, help="Watched jobs.")
@click.option(
    "--changes", default=10, show_default=True, help="Of each state, to time."
)
@click.option("--others", default=300, show_default=True, help="Jobs, meanwhile.")
@click.option("--trials", default=200, show_default=True, help="Runs of the sweep.")
@AS_JSON
def compute(
    starts: int, watched: int, changes: int, others: int, trials: int, as_json: bool
) -> None:
    """Measure the executor for Slurm on a real cluster of one node.

    Ends with 1 if a trial of the sweep is lost, or runs twice, though the agent is
    killed in the middle.
    """
    if absent := missing_programs():
        raise click.ClickException(f"Slurm is missing: {', '.join(absent)}")
    report = Report("Slurm 24.11, one node")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        place = Path(name)
        with slurm_cluster(place / "slurm") as slurm:
            if starts:
                _measure_starts(slurm, place, starts, report)
            if watched:
                _watch(slurm, place, watched, report)
            if changes:
                measure_status_delay(slurm, changes, report, others)
            wrong = _run_sweep(slurm, trials, report) if trials else []
    report.show(as_json=as_json)
    for line in wrong:
        click.echo(line, err=True)
    sys.exit(1 if wrong else 0)


def _executor(slurm: Slurm, first: Path, *options: str) -> SlurmExecutor:
    """Its commands are those in the folder `first`, and else those of the machine."""
    environment = {**clean_environment(os.environ), **slurm.variables}
    environment["PATH"] = f"{first}:{environment['PATH']}"
    settings = {"partition": "main", "options": list(options)}
    return SlurmExecutor(environment, settings, ("-c", "pass"))


def _job_folder(place: Path, number: int) -> Path:
    folder = place / f"job-{number}"
    (folder / "code").mkdir(parents=True)
    write_job(
        folder, JobFile("http://x", "default", "r", "e", {"command": "x"}, "rs_t")
    )
    return folder


def _measure_starts(slurm: Slurm, place: Path, count: int, report: Report) -> None:
    """Each submission of the executor is followed by a plain `sbatch` of its script."""
    executor = _executor(slurm, place, "--hold")
    own, plain = [], []
    for number in range(count):
        folder = _job_folder(place / "starts", number)
        began = time.perf_counter()
        executor.start(folder, 0)
        own.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        slurm.command("sbatch", "--parsable", str(folder / "slurm.sh"))
        plain.append(1000 * (time.perf_counter() - began))
    slurm.command("scancel", "--me")
    added = statistics.median(own) - statistics.median(plain)
    report.add(
        "submission to acceptance",
        "300 ms added",
        executor_ms=statistics.median(own),
        sbatch_ms=statistics.median(plain),
        added_ms=added,
        worst_ms=max(own),
    )


def _watch(slurm: Slurm, place: Path, count: int, report: Report) -> None:
    executor = _executor(slurm, place, "--hold")
    began = time.perf_counter()
    handles = [
        executor.start(_job_folder(place / "watched", number), 0)
        for number in range(count)
    ]
    report.add(f"submit {count:,} jobs", seconds=time.perf_counter() - began)
    log = place / "squeue.log"
    _count_calls(place, log)
    process = psutil.Process()
    before, began, rounds = process.cpu_times(), time.perf_counter(), []
    while time.perf_counter() - began < WATCH_SECONDS:
        start = time.perf_counter()
        for handle in handles:
            executor.poll(handle)
            executor.describe(handle)
        rounds.append(1000 * (time.perf_counter() - start))
        time.sleep(TICK_SECONDS)
    after = process.cpu_times()
    seconds = time.perf_counter() - began
    used = after.user + after.system - before.user - before.system
    calls = len(log.read_text().splitlines())
    report.add(
        f"watch {count:,} jobs",
        "one squeue per 5 s",
        seconds=seconds,
        squeue_calls=calls,
        seconds_per_call=seconds / max(1, calls),
        round_ms=statistics.median(rounds),
        cpu_percent=100 * used / seconds,
    )
    slurm.command("scancel", "--me")


def _count_calls(place: Path, log: Path) -> None:
    """A `squeue` before the real one in PATH, which writes a line per call."""
    log.touch()
    path = place / "squeue"
    path.write_text(f'#!/bin/sh\necho >> {log}\nexec /usr/bin/squeue "$@"\n')
    path.chmod(0o755)


def _run_sweep(slurm: Slurm, trials: int, report: Report) -> list[str]:
    """The agent is killed with SIGKILL when a quarter has run, and started again."""
    with fresh_cluster() as base:
        settings = {"partition": "main", "max_jobs": 8, "memory": "200M"}
        cluster = Cluster.create(
            base.server, base.folder, kind="slurm", settings=settings
        )
        try:
            return _crash_and_count(cluster, slurm, trials, report)
        finally:
            slurm.command("scancel", "--me", "--full", "--signal=KILL")
            cluster.end()


def _crash_and_count(
    cluster: Cluster, slurm: Slurm, trials: int, report: Report
) -> list[str]:
    ran = cluster.folder / "ran"
    ran.touch()
    command = f'echo "$1" >> {ran}'
    definition = {
        "command": ["/bin/sh", "-c", command, "trial"],
        "target": cluster.target,
    }
    body = {"experiment": "sweep", "id": "base", "definition": definition}
    cluster.owner.post("runs", {**body, "status": "NotStarted"})
    # The argument is `--seed N`; the shell gets it as $1 and $2.
    space = {"run": "base", "id": "sweep", "space": {"seed": {"from": 1, "to": trials}}}
    cluster.owner.post("sweeps", space)
    wait_for_children(lambda: cluster.owner.get("runs/sweep/sweep"))
    before = (slurm.folder / "log" / "slurmctld.log").read_text().count(SUBMITTED)
    agent = cluster.start_agent(variables=slurm.variables)
    began = time.perf_counter()
    until = began + trials * SECONDS_PER_TRIAL
    was_killed = False
    while cluster.status("sweep") not in ENDED and time.perf_counter() < until:
        if not was_killed and _lines(ran) * 4 >= trials:
            agent.send_signal(signal.SIGKILL)
            agent.wait()
            was_killed = True
            cluster.start_agent(variables=slurm.variables)
        time.sleep(1)
    seconds = time.perf_counter() - began
    children = cluster.owner.get("runs/sweep/sweep")["children"]
    states = Counter(one["status"] for one in children)
    log = (slurm.folder / "log" / "slurmctld.log").read_text()
    report.add(
        f"sweep of {trials} with a killed agent",
        seconds=seconds,
        completed=states["Completed"],
        ran=_lines(ran),
        submissions=log.count(SUBMITTED) - before,
    )
    wrong = [] if was_killed else ["The sweep was too short to kill the agent"]
    if states != {"Completed": trials}:
        wrong.append(f"Not all trials completed: {dict(states)}")
    if _lines(ran) != trials:
        wrong.append(f"{_lines(ran)} trials ran, not {trials}")
    return wrong


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
