"""The commands that work over a fresh server."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import click
from playwright.sync_api import sync_playwright

from tests.bench.commands import (
    AS_JSON,
    HOME,
    KIND,
    MLFLOW,
    PEER,
    REPEATS,
    entered,
    options,
    peer_server,
)
from tests.bench.places import database
from tests.bench.report import Report
from tests.parts.browser import FLAGS
from tests.parts.server import running


@click.command()
@options(
    HOME,
    AS_JSON,
    click.option("--files", default=2_000, show_default=True, help="Files to add."),
    click.option("--megabytes", default=500, show_default=True, help="Of all files."),
)
def backup(home: Path, as_json: bool, files: int, megabytes: int) -> None:
    """Back up, verify, restore and move a home that `seed` made on SQLite."""
    with entered(home.absolute(), "sqlite"):
        from tests.bench.reliability.safeguards import measure

        report = Report("Backups")
        measure(home.absolute(), report, files=files, megabytes=megabytes)
        report.show(as_json=as_json)


@click.command()
@AS_JSON
def imports(as_json: bool) -> None:
    """Time the import of the SDK, and of its `azureml.core`, by a new interpreter."""
    from tests.bench.sdk import measure_imports

    report = Report("Imports")
    measure_imports(report)
    report.show(as_json=as_json)


@click.command()
@AS_JSON
def submit(as_json: bool) -> None:
    """Time the submission of a folder of 2,000 files, once and again."""
    report = Report("Submission of 2,000 files")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with entered(home, "sqlite") as env, running(home, env=env) as server:
            from tests.bench.sdk import measure_submission

            measure_submission(server, Path(folder), report)
    report.show(as_json=as_json)


@click.command()
@options(
    KIND,
    PEER,
    MLFLOW,
    AS_JSON,
    click.option("--seconds", default=4.0, show_default=True, help="Of each work."),
    click.option("--rounds", default=3, show_default=True, help="Taken in turns."),
)
def ingest(
    kind: str,
    peer: Path | None,
    mlflow: Path | None,
    as_json: bool,
    seconds: float,
    rounds: int,
) -> None:
    """Log to a fresh server, by the MLflow client and by bare requests."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with entered(home, kind) as env:
            from tests.bench.ingest import Target, measure
            from tests.bench.peer import settle

            report = Report("Ingest")
            with (
                peer_server(mlflow, peer, 0) as address,
                running(home, env=env) as server,
            ):
                here = server.environment
                ours = Target(here["MLFLOW_TRACKING_URI"], here)
                theirs = Target(address) if address else None
                settle(ours.process)
                measure(ours, theirs, report, seconds=seconds, rounds=rounds)
            report.show(as_json=as_json)


@click.command()
@options(
    KIND,
    AS_JSON,
    click.option("--points", default=1_000_000, show_default=True, help="In no order."),
    click.option("--many", default=10_000, show_default=True, help="Metrics, tags."),
)
def strain(kind: str, as_json: bool, points: int, many: int) -> None:
    """Time what is built to be slow, on a fresh server; check what is read back."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with database(home, kind) as env:
            from tests.bench.reliability.strain import measure

            report = Report("Built to be slow")
            with running(home, env=env) as server:
                measure(server, report, points=points, many=many)
            report.show(as_json=as_json)


@click.command()
@options(
    AS_JSON,
    click.option("--runs", default=10, show_default=True, help="Lines of the chart."),
    click.option("--points", default=1_000_000, show_default=True, help="Of each run."),
    click.option("--repeats", default=5, show_default=True, help="Redrawings."),
)
def charts(as_json: bool, runs: int, points: int, repeats: int) -> None:
    """Time a list's chart of long curves in Chromium, from the click to the lines."""
    program = shutil.which("chromium")
    if program is None:
        raise click.ClickException("Chromium is missing: apt-get install chromium")
    # Playwright leaves an event loop marked as running in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    report = Report(f"A chart of {runs} runs x {points:,} points")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        with running(home) as server, entered(home, "sqlite"):
            from tests.bench.charts import fill, measure

            fill(server, runs, points)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=program, args=FLAGS
                )
                measure(browser, server, report, runs=runs, repeats=repeats)
                browser.close()
    report.show(as_json=as_json)


@click.command()
@options(
    KIND,
    AS_JSON,
    click.option("--many", default=500, show_default=True, help="Metrics, parameters."),
    click.option("--series", default=10, show_default=True, help="Long ones."),
    click.option("--points", default=1_000_000, show_default=True, help="Of each."),
    click.option("--repeats", default=9, show_default=True, help="Of each."),
)
def page(
    kind: str, as_json: bool, many: int, series: int, points: int, repeats: int
) -> None:
    """Time one run's pages, and the first drawing of long series."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with entered(home, kind) as env, running(home, env=env) as server:
            from tests.bench.run_page import measure

            report = Report("One run's pages")
            measure(
                server, report, many=many, series=series, points=points, repeats=repeats
            )


@click.command()
@options(
    KIND,
    AS_JSON,
    REPEATS,
    click.option("--models", "count", default=10_000, show_default=True),
    click.option("--versions", default=100, show_default=True, help="Of each."),
    click.option("--slowest", is_flag=True, help="The SQL of what is too slow."),
)
def registry(
    kind: str, as_json: bool, repeats: int, count: int, versions: int, slowest: bool
) -> None:
    """Time the pages of the model registry, with many models and versions."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with entered(home, kind):
            from tests.bench.registry.pages import measure
            from tests.bench.registry.seed import RegistrySize, seed

            seed(home, RegistrySize(count, versions))
            report = Report(f"{count:,} models of {versions} versions")
            measure(home, report, repeats=repeats, explain=slowest)
            report.show(as_json=as_json)


@click.command()
@options(
    KIND,
    AS_JSON,
    click.option("--views", "count", default=1000, show_default=True),
    click.option("--repeats", default=15, show_default=True, help="Of each."),
)
def views(kind: str, as_json: bool, count: int, repeats: int) -> None:
    """Open the menu of views and a view, among many, on a fresh server."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with database(home, kind) as env:
            from tests.bench.viewing import measure

            report = Report("Views")
            with running(home, env=env) as server:
                measure(server, report, views=count, repeats=repeats)
            report.show(as_json=as_json)


@click.command()
@options(
    KIND,
    AS_JSON,
    click.option("--seconds", default=120.0, show_default=True, help="Of the attack."),
    click.option("--each", default=500, show_default=True, help="Clients of a kind."),
    click.option(
        "--uploads", default=200, show_default=True, help="Thin, honest ones."
    ),
)
def slow(kind: str, as_json: bool, seconds: float, each: int, uploads: int) -> None:
    """Four kinds of slow clients, while a person reads and scripts log.

    Ends with 1 when the run list took 500 ms, less than half of the calls went
    through, or an upload over a thin line failed.
    """
    report = Report("Slow clients")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with entered(home, kind) as env, running(home, env=env) as server:
            from tests.bench.reliability import slow_clients

            scene = slow_clients.prepare(server, home, env)
            held = slow_clients.measure(
                server, scene, report, seconds=seconds, each=each, uploads=uploads
            )
    report.show(as_json=as_json)
    sys.exit(0 if held else 1)


@click.command()
@options(
    KIND,
    AS_JSON,
    REPEATS,
    click.option("--files", default=100_000, show_default=True, help="Of each run."),
)
def tree(kind: str, as_json: bool, repeats: int, files: int) -> None:
    """Time the tab Outputs + logs of runs with very many files."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with entered(home, kind) as env, running(home, env=env) as server:
            from tests.bench.files.file_tree import measure

            report = Report("Trees of files")
            measure(server, report, files=files, repeats=repeats)
            report.show(as_json=as_json)


@click.command()
@options(
    KIND,
    AS_JSON,
    REPEATS,
    click.option("--steps", default=1000, show_default=True, help="Of each run."),
)
def media(kind: str, as_json: bool, repeats: int, steps: int) -> None:
    """Time the tab Media, and its grid in Compare, of runs with many images."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with entered(home, kind) as env, running(home, env=env) as server:
            from tests.bench.files.media import measure

            report = Report("Media over steps")
            measure(server, report, steps=steps, repeats=repeats)
            report.show(as_json=as_json)
