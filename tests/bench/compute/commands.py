"""`python -m tests.bench agents`."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tests.agent.cluster import Cluster
from tests.bench.commands import AS_JSON
from tests.bench.compute.crashes import AgentCampaign
from tests.bench.compute.latency import measure_starts
from tests.bench.report import Report
from tests.parts.server import start

#: The shortest that a target can have: lost machines are noticed soon.
LEASE_SECONDS = 30


@contextmanager
def fresh_cluster() -> Iterator[Cluster]:
    """A server of its own with a compute target."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as text:
        folder = Path(text)
        for name in ("cluster", "home"):
            (folder / name).mkdir()
        server = start(folder / "home")
        try:
            place = folder / "cluster"
            cluster = Cluster.create(server, place, lease_seconds=LEASE_SECONDS)
            try:
                yield cluster
            finally:
                cluster.end()
        finally:
            server.stop()


@click.command()
@click.option("--seeds", default=10, show_default=True, help="Campaigns.")
@click.option("--first-seed", default=1, show_default=True, help="Of chance.")
@click.option("--runs", default=30, show_default=True, help="Of each campaign.")
@click.option("--kills", default=40, show_default=True, help="Of each campaign.")
@click.option("--machines", default=1, show_default=True, help="To lose.")
@click.option("--starts", default=20, show_default=True, help="To time.")
@AS_JSON
def agents(
    seeds: int,
    first_seed: int,
    runs: int,
    kills: int,
    machines: int,
    starts: int,
    as_json: bool,
) -> None:
    """Kill agent, runner, script and server at random while runs go through slots.

    Also times how soon an agent starts a queued run. Ends with 1 when a run ends
    wrongly or runs twice at once, or when a process is left.
    """
    report = Report("Agents")
    if starts:
        with fresh_cluster() as cluster:
            measure_starts(cluster, report, starts)
    wrong: list[str] = []
    for seed in range(first_seed, first_seed + seeds):
        with fresh_cluster() as cluster:
            outcome = AgentCampaign(cluster, seed).run(runs, kills, machines)
        killed: Counter[str] = outcome.killed
        report.add(
            f"seed {seed}: {runs} runs",
            attempts=outcome.attempts,
            agent=killed["agent"],
            runner=killed["runner"],
            script=killed["script"],
            server=killed["server"],
            machine=killed["machine"],
            wrong=len(outcome.wrong),
        )
        for line in outcome.wrong:
            click.echo(f"  {line}", err=True)
        wrong += outcome.wrong
    report.show(as_json=as_json)
    sys.exit(1 if wrong else 0)
