"""The commands that work over a home folder with many runs.

What touches models is imported when a command has said which home folder is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tests.bench.places import database, enter
from tests.bench.report import Report
from tests.parts.server import Server, running

if TYPE_CHECKING:
    from tests.bench.ask import Link

Decorated = Callable[..., Any]

HOME = click.option(
    "--home",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The home folder, made by `seed`.",
)
KIND = click.option(
    "--database",
    "kind",
    type=click.Choice(["sqlite", "postgresql"]),
    default="sqlite",
    show_default=True,
    help="PostgreSQL's cluster is kept next to the home folder.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="JSON, not a table.")
REPEATS = click.option("--repeats", default=9, show_default=True, help="Of each.")
MLFLOW = click.option(
    "--mlflow",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="MLflow's program, for --peer.",
)
PEER = click.option(
    "--peer",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for MLflow's own server, which does the same work.",
)
ONLY = click.option("--only", default="", help="Questions whose names hold this.")
RUNS = click.option(
    "--runs", default=10_000, show_default=True, type=click.IntRange(100)
)


def options(*given: Decorated) -> Callable[[Decorated], Decorated]:
    def apply(function: Decorated) -> Decorated:
        for option in reversed(given):
            function = option(function)
        return function

    return apply


@contextmanager
def entered(home: Path, kind: str) -> Iterator[dict[str, str]]:
    with database(home, kind) as env:
        enter(home, env)
        yield env


@contextmanager
def peer_server(program: Path | None, folder: Path | None, runs: int) -> Iterator[str]:
    """The address of MLflow's server over as many invented runs; empty without one."""
    if folder is None:
        yield ""
        return
    if program is None:
        raise click.UsageError("--peer needs --mlflow, the program")
    from tests.bench import peer

    if runs:
        peer.seed(program, folder.absolute(), runs)
    with peer.mlflow_server(program, folder.absolute()) as address:
        yield address


@contextmanager
def linked(
    home: Path,
    env: dict[str, str],
    mlflow: Path | None,
    peer: Path | None,
    runs: int,
) -> Iterator[tuple[Link, Link | None]]:
    """Run the server over `home`, and MLflow's if there is a peer; link both."""
    from tests.bench.ask import Link

    with peer_server(mlflow, peer, runs) as address, running(home, env=env) as server:
        yield link(server), Link(address) if address else None


def link(server: Server) -> Link:
    from tests.bench.ask import Link

    return Link(server.environment["MLFLOW_TRACKING_URI"], server.token)


@click.command()
@options(
    RUNS,
    click.option("--points", default=1_000_000, show_default=True, help="Of a metric."),
    click.option("--seed", "chance", default=1, show_default=True, help="Of chance."),
    HOME,
    KIND,
)
def seed(runs: int, points: int, chance: int, home: Path, kind: str) -> None:
    """Fill an empty home folder with invented runs."""
    home.mkdir(parents=True, exist_ok=True)
    with entered(home, kind):
        from tests.bench.data import seed as seeding

        seeding.seed(home, runs, seed=chance, points=points, say=click.echo)


@click.command("list")
@options(
    HOME,
    KIND,
    REPEATS,
    AS_JSON,
    ONLY,
    click.option("--no-http", is_flag=True, help="The views alone, without a server."),
    click.option("--slowest", is_flag=True, help="The SQL of what is too slow."),
    click.option(
        "--against",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="A smaller home folder: how the views grow from it to --home.",
    ),
)
def lists(
    home: Path,
    kind: str,
    repeats: int,
    as_json: bool,
    only: str,
    no_http: bool,
    slowest: bool,
    against: Path | None,
) -> None:
    """Time every family of questions to the lists, and the nasty ones."""
    smaller: dict[str, float] = {}
    if against is not None:
        from tests.bench.data.scaling import views_of

        smaller = views_of(against, kind, repeats, only)
    with entered(home, kind) as env:
        from django.conf import settings

        from runs.management import static_files
        from tests.bench.lists import Visitor, measure
        from tests.bench.questions import FAMILIES, NASTY

        report = Report("Lists")
        asked = [one for one in (*FAMILIES, *NASTY) if only in one.name]
        # The home may be older than the pages that are measured over it.
        static_files.collect_if_changed(settings.STATIC_ROOT)
        visitor = Visitor(home)
        with nullcontext() if no_http else running(home, env=env) as server:
            measure(visitor, server, asked, report, repeats=repeats, explain=slowest)
        if smaller:
            from tests.bench.data.scaling import compare

            compare(report, smaller)
        report.show(as_json=as_json)


@click.command("mlflow-search")
@options(RUNS, HOME, KIND, PEER, MLFLOW, REPEATS, AS_JSON, ONLY)
def search(
    runs: int,
    home: Path,
    kind: str,
    peer: Path | None,
    mlflow: Path | None,
    repeats: int,
    as_json: bool,
    only: str,
) -> None:
    """Time `runs/search` of 100 rows; --runs says how many runs the peer gets."""
    with entered(home, kind) as env:
        from tests.bench.searches import measure

        report = Report("runs/search of 100 rows")
        with linked(home, env, mlflow, peer, runs) as (ours, theirs):
            measure(ours, theirs, report, repeats, only)
        report.show(as_json=as_json)


@click.command()
@options(RUNS, HOME, KIND, PEER, MLFLOW, REPEATS, AS_JSON)
def metric(
    runs: int,
    home: Path,
    kind: str,
    peer: Path | None,
    mlflow: Path | None,
    repeats: int,
    as_json: bool,
) -> None:
    """Time the chart of the long metric, and reading all of it."""
    with entered(home, kind) as env:
        from tests.bench.data.seed import long_run_id
        from tests.bench.reading import measure

        report = Report("A long metric")
        with linked(home, env, mlflow, peer, runs) as (ours, theirs):
            measure(ours, theirs, long_run_id(), report, repeats=repeats)
        report.show(as_json=as_json)


@click.command()
@options(
    HOME,
    KIND,
    AS_JSON,
    click.option("--rounds", default=3, show_default=True, help="Starts."),
)
def start(home: Path, kind: str, as_json: bool, rounds: int) -> None:
    """Time the start over an existing home folder; weigh the processes."""
    with database(home, kind) as env:
        from tests.bench.starting import measure

        report = Report("Start and memory")
        measure(home, env, report, rounds=rounds)
        report.show(as_json=as_json)


@click.command()
@options(HOME, KIND, AS_JSON)
def sdk(home: Path, kind: str, as_json: bool) -> None:
    """Time the SDK's import, and its lists of runs to their first page."""
    with database(home, kind) as env:
        from tests.bench.sdk import measure

        report = Report("The SDK")
        with running(home, env=env) as server:
            measure(server, report)
        report.show(as_json=as_json)


@click.command()
@options(
    HOME,
    KIND,
    AS_JSON,
    click.option("--limit", default=1_000_000, show_default=True, help="Of the rows."),
)
def dataframe(home: Path, kind: str, as_json: bool, limit: int) -> None:
    """Time all runs as a data frame of each library, with the script's memory."""
    with database(home, kind) as env:
        from tests.bench.dataframe import measure

        report = Report("Data frames")
        with running(home, env=env) as server:
            measure(server, report, limit=limit)
        report.show(as_json=as_json)


@click.command()
@options(HOME, KIND, REPEATS, AS_JSON)
def group(home: Path, kind: str, repeats: int, as_json: bool) -> None:
    """Time groups of all runs, and what differs in a selection, over HTTP."""
    with entered(home, kind) as env:
        from tests.bench.grouping import measure

        report = Report("Groups and differences")
        with running(home, env=env) as server:
            measure(link(server), report, repeats=repeats)
        report.show(as_json=as_json)


@click.command()
@options(HOME, KIND, REPEATS, AS_JSON)
def export(home: Path, kind: str, repeats: int, as_json: bool) -> None:
    """Time exports of all runs, and a hundred runs side by side, over HTTP."""
    with entered(home, kind) as env:
        from tests.bench.exporting import measure

        report = Report("Export and compare")
        with running(home, env=env) as server:
            measure(server, link(server), report, repeats=repeats)
        report.show(as_json=as_json)
