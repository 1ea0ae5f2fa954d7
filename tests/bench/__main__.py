"""`python -m tests.bench`: measurements too long, or too telling, for the tests."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from playwright.sync_api import sync_playwright

from tests.bench import delivery, places, weight
from tests.bench.activity.commands import activity
from tests.bench.background.commands import bulk
from tests.bench.canceling import cancel
from tests.bench.clients.registry import mlflow_registry
from tests.bench.commands import (
    AS_JSON,
    KIND,
    dataframe,
    export,
    group,
    lists,
    metric,
    sdk,
    search,
    seed,
    start,
)
from tests.bench.compute import agents
from tests.bench.compute.drain import drain
from tests.bench.compute.engines import compute
from tests.bench.compute.outage import outage
from tests.bench.compute.queue import queue
from tests.bench.compute.sweeps import sweeps
from tests.bench.files.log_reading import log_reading
from tests.bench.files.log_search import log_search
from tests.bench.files.tables import table
from tests.bench.files.zipping import zip_download
from tests.bench.fresh_commands import (
    backup,
    charts,
    imports,
    ingest,
    media,
    page,
    registry,
    slow,
    strain,
    submit,
    tree,
    views,
)
from tests.bench.mutation.run import mutants
from tests.bench.notify.commands import alerts
from tests.bench.reliability import crash, interrupt, kill
from tests.bench.reliability.attacks import attacks
from tests.bench.report import Report
from tests.bench.texts.words import words
from tests.parts.browser import FLAGS, find_browser
from tests.parts.postgres import binaries, cluster, environment_with, fresh_database
from tests.parts.server import running


@contextmanager
def fresh_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        yield Path(folder) / "home"


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """The environment of a server over this kind of database."""
    if kind == "sqlite":
        yield {}
        return
    programs = binaries()
    if programs is None:
        raise click.ClickException("PostgreSQL is missing: apt-get install postgresql")
    with cluster(programs) as address:
        yield {"DATABASE_URL": fresh_database(address)}


@contextmanager
def place(home: Path | None, kind: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """A home folder and its environment: a fresh one, or one with what it holds."""
    if home is None:
        with database(kind) as env, fresh_home() as fresh:
            yield fresh, env
        return
    with places.database(home, kind) as env:
        yield home, env


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command("kill")
@click.option("--rounds", default=30, show_default=True, help="Deaths of the server.")
@click.option("--writers", default=4, show_default=True, help="Writers at a time.")
@click.option("--readers", default=1, show_default=True, help="Who open lists.")
@click.option("--seed", default=1, show_default=True, help="Of the first round.")
@click.option(
    "--home",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="One made by `seed`, which gets more runs; else a fresh one.",
)
@KIND
@AS_JSON
def kill_command(
    rounds: int,
    writers: int,
    readers: int,
    seed: int,
    home: Path | None,
    kind: str,
    as_json: bool,
) -> None:
    """Kill -9 under load, restart, and count what was acknowledged.

    Ends with 1 when a point, parameter or file that was acknowledged is missing, or a
    point is there twice.
    """
    report = Report("Killed under load")
    with place(home, kind) as (folder, env):
        outcomes = [
            one_round(folder, number, writers, readers, env)
            for number in range(seed, seed + rounds)
        ]
    wrong = sum(len(one.wrong) for one in outcomes)
    report.add(
        f"{rounds} deaths, {kind}",
        points=sum(one.points for one in outcomes),
        files=sum(one.files for one in outcomes),
        lists_read=sum(one.lists for one in outcomes),
        wrong=wrong,
    )
    report.show(as_json=as_json)
    sys.exit(1 if wrong else 0)


def one_round(
    home: Path, seed: int, writers: int, readers: int, env: dict[str, str]
) -> kill.Outcome:
    outcome = kill.one_death(home, seed, writers=writers, readers=readers, env=env)
    click.echo(
        f"seed {seed}: {outcome.points} points and {outcome.files} files acknowledged, "
        f"{outcome.lists} lists read, {len(outcome.wrong)} wrong",
        err=True,
    )
    for line in outcome.wrong[:10]:
        click.echo(f"  {line}", err=True)
    return outcome


@main.command("interrupt")
@click.option("--rounds", default=1000, show_default=True, help="Interruptions.")
@click.option("--seed", default=1, show_default=True, help="Of chance.")
@click.option(
    "--database",
    "kind",
    type=click.Choice(["sqlite", "postgresql"]),
    default="sqlite",
    show_default=True,
)
def interrupt_command(rounds: int, seed: int, kind: str) -> None:
    """Interrupt scripts, network and server at random while scripts log.

    Ends with 1 when something that was logged is missing, or is there twice.
    """
    click.echo(f"seed {seed}")
    with database(kind) as env, fresh_home() as home:
        home.mkdir()
        outcome = interrupt.interrupted(home, seed, rounds, env, click.echo)
    happened = ", ".join(f"{n} {kind}" for kind, n in sorted(outcome.happened.items()))
    click.echo(f"seed {seed}: {happened}; {outcome.points:,} points logged")
    for line in outcome.wrong[:20]:
        click.echo(f"  {line}")
    missing = sum(line.endswith(" 0 times") for line in outcome.wrong)
    other = len(outcome.wrong) - missing
    click.echo(f"{missing} missing, {other} doubled or otherwise wrong")
    sys.exit(1 if outcome.wrong else 0)


@main.command("crash")
@click.option("--rounds", default=1000, show_default=True, help="Crashes.")
@click.option("--seed", default=1, show_default=True, help="Of chance.")
@KIND
def crash_command(rounds: int, seed: int, kind: str) -> None:
    """Kill server, worker, backup, restore, purge and upgrade at random moments.

    Ends with 1 when something that was acknowledged is missing or there twice, or when
    `manage.py verify` finds something.
    """
    with database(kind) as env, tempfile.TemporaryDirectory() as folder:
        found = crash.Campaign(Path(folder), seed, env, other_env=lambda: other(env))
        outcomes = []
        for outcome in crash.campaign(rounds, found):
            outcomes.append(outcome)
            for line in outcome.wrong[:10]:
                click.echo(f"round {len(outcomes)}, {outcome.kind}: {line}")
    for name in crash.KINDS:
        of_kind = [one for one in outcomes if one.kind == name]
        click.echo(
            f"{name:>10}: {len(of_kind)} crashes; acknowledged before them: "
            f"{sum(one.points for one in of_kind):,} points and "
            f"{sum(one.files for one in of_kind):,} files; "
            f"{sum(len(one.wrong) for one in of_kind)} wrong"
        )
    sys.exit(1 if any(one.wrong for one in outcomes) else 0)


def other(env: dict[str, str]) -> dict[str, str]:
    """A second database of the same cluster, or none where each home has its own."""
    url = env.get("DATABASE_URL", "")
    return {"DATABASE_URL": environment_with(url)} if url else {}


@main.command("delivery")
@click.option("--points", default=1_000_000, show_default=True, help="Of the script.")
@click.option("--json", "as_json", is_flag=True, help="JSON, not a table.")
def delivery_command(points: int, as_json: bool) -> None:
    """What a log call of the SDK costs, and how fast a million points arrive."""
    report = Report("Delivery")
    with fresh_home() as folder:
        folder.mkdir()
        delivery.measure(folder, report, points=points)
    report.show(as_json=as_json)


@main.command("weight")
def weight_command() -> None:
    """Bytes and requests of the run list's first visit; time of cold and warm ones."""
    program = find_browser()
    if program is None:
        raise click.ClickException("Chromium is missing: apt-get install chromium")
    with fresh_home() as home, running(home) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        answers, state = weight.run_list(browser, server)
        visits = weight.visits(browser, server, state)
        browser.close()
    for answer in sorted(answers, key=lambda one: -one.size):
        click.echo(f"{answer.size:>8}  {answer.address.removeprefix(server.url)}")
    total = sum(answer.size for answer in answers)
    click.echo(f"{total:>8}  in all; at most {weight.LIMIT} are allowed")
    click.echo(
        f"{len(answers):>8}  requests; at most {weight.MAX_REQUESTS} are allowed"
    )
    for each in visits:
        click.echo(f"{each.name}: {each.load:.0f} ms until load, {each.cpu:.0f} ms CPU")
        counts = (f"{name} {count:.4g}" for name, count in each.counts.items())
        click.echo(f"  {', '.join(counts)}")
    too_many = len(answers) > weight.MAX_REQUESTS
    sys.exit(1 if total > weight.LIMIT or too_many else 0)


OVER_HOMES = (seed, dataframe, lists, export, group, search, metric, sdk, start)
FRESH = (
    backup,
    charts,
    imports,
    ingest,
    media,
    page,
    registry,
    slow,
    strain,
    submit,
    tree,
    views,
)
for command in (
    *OVER_HOMES,
    *FRESH,
    activity,
    agents,
    alerts,
    attacks,
    bulk,
    cancel,
    compute,
    outage,
    drain,
    log_search,
    mlflow_registry,
    mutants,
    queue,
    sweeps,
    table,
    words,
    log_reading,
    zip_download,
):
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="python -m tests.bench")
