"""`python -m tests.bench outage`: Slurm's controller is down for minutes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click

from tests.agent.cluster import Cluster
from tests.bench.commands import AS_JSON
from tests.bench.compute.commands import fresh_cluster
from tests.bench.report import Report
from tests.parts.engines.slurm import missing_programs, slurm_cluster
from tests.parts.engines.slurm_outage import go_through_outage


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="Of the outage.")
@AS_JSON
def outage(minutes: float, as_json: bool) -> None:
    """Stop Slurm's controller for minutes while runs wait, run, end and are queued.

    Fails if one of them ends wrongly, runs twice, or changes its status at that time.
    """
    if absent := missing_programs():
        raise click.ClickException(f"Slurm is missing: {', '.join(absent)}")
    report = Report("Outage of slurmctld")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        place = Path(name)
        (place / "cluster").mkdir()
        with slurm_cluster(place / "slurm") as slurm, fresh_cluster() as base:
            cluster = Cluster.create(
                base.server,
                place / "cluster",
                kind="slurm",
                settings={"partition": "main"},
            )
            try:
                began = time.monotonic()
                looks = go_through_outage(cluster, slurm, 60 * minutes)
                took = f"{time.monotonic() - began:.0f} s"
            finally:
                cluster.end()
    report.add(f"{minutes:g} min", runs=4, looks=looks, took=took)
    report.show(as_json=as_json)
