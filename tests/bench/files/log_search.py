"""Search in the logs of many runs: the index's size, its speed, and first pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click

from tests.bench.commands import AS_JSON
from tests.bench.report import Report

CHILD = "tests.bench.files.log_search_child"


@click.command("log-search")
@AS_JSON
@click.option("--runs", default=100_000, show_default=True, help="Runs with a log.")
@click.option("--megabytes", default=1500, show_default=True, help="Of all logs.")
def log_search(as_json: bool, runs: int, megabytes: int) -> None:
    """Index logs of a fresh database, and search in them."""
    from tests.bench.__main__ import fresh_home

    report = Report("Search in logs over runs")
    with fresh_home() as home:
        environment = {
            **os.environ,
            "STUDIO_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "studio.settings.base",
        }
        child = subprocess.run(
            [sys.executable, "-m", CHILD, str(runs), str(megabytes)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    for line in child.stdout.splitlines():
        name, figures = json.loads(line)
        report.add(name, **figures)
    report.notes.append("The text is put together from 4,000 pieces of training logs.")
    report.show(as_json=as_json)
