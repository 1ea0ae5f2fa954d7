"""A home folder with many invented runs, made in minutes.

Rows are written below the product's actions and are the same as theirs (`rows`); what
is few is made by the actions themselves: the owner, the experiments, the long metric.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.management import database, operator_access, schema, static_files
from runs.models import (
    Experiment,
    Key,
    KeyKind,
    Metric,
    Run,
    Workspace,
    rollups,
    root_metrics,
    search_text,
)
from tests.bench.data.bulk import writer
from tests.bench.data.invented import (
    FIRST,
    LONG_METRIC,
    curves,
    experiment_names,
    invent,
)
from tests.bench.data.rows import Builder, Place, packed

Say = Callable[[str], object]

#: Invented runs whose rows are held in memory before they are written.
PIECE = 5_000
LONG_POINTS = 1_000_000
#: As a client sends them.
BATCH = 1_000


def seed(
    home: Path, runs: int, *, seed: int, points: int = LONG_POINTS, say: Say = print
) -> None:
    """Fill the home folder that this process works over; it must be empty."""
    start, used = time.monotonic(), time.process_time()
    # Rows have no cycles. Looking for some takes a quarter of the time to build them.
    gc.disable()

    def report(what: str) -> None:
        wall, processor = time.monotonic() - start, time.process_time() - used
        say(f"{wall:7.1f} s  {processor:7.1f} s of processor  {what}")

    place, actor = prepare(home, say)
    report("made the home folder")
    shapes = [packed(curve) for curve in curves(seed)]
    builder = Builder(place, shapes)
    fill(builder, runs, seed, report)
    report("made the indexes")
    count_runs(builder)
    search_text.restore(connection)
    report("made the index of free words")
    log_long_metric(Run.objects.get(pk=long_run(runs)), points, actor)
    report(f"logged a metric of {points:,} points")
    schema.analyze_loaded_rows(connection)
    report("gathered statistics")
    connection.close()


def prepare(home: Path, say: Say) -> tuple[Place, Actor]:
    """What the server makes at its first start, and the experiments."""
    database.prepare_database(home, say)
    settings.FILES_DIR.mkdir(mode=0o700, exist_ok=True)
    static_files.collect_if_changed(settings.STATIC_ROOT)
    user = operator_access.find_or_create_first_owner(now=FIRST)
    operator_access.write_client_token(home, user, "http://localhost", now=FIRST)
    workspace = Workspace.objects.get(name=operator_access.DEFAULT_WORKSPACE)
    if Run.objects.exists():
        raise FileExistsError(f"{home} has runs already; give an empty folder")
    actor = Actor(user, user.tokens.get())
    experiments = [
        create_experiment(workspace, name, actor=actor, now=FIRST)
        for name in experiment_names()
    ]
    assert actor.token is not None
    keys = [experiment.pk for experiment in experiments]
    return Place(workspace.pk, user.pk, actor.token.pk, keys), actor


def fill(builder: Builder, runs: int, seed: int, report: Say) -> None:
    bulk = writer([table.name for table in builder.tables])
    for run in invent(runs, seed):
        builder.add(run)
        if (run.index + 1) % PIECE == 0:
            bulk.write(builder.tables)
        if (run.index + 1) % (runs // 4) == 0:
            report(f"wrote {run.index + 1:,} runs")
    bulk.write(builder.tables)
    bulk.finish()


def count_runs(builder: Builder) -> None:
    for key, number in builder.numbers.items():
        Experiment.objects.filter(pk=key).update(last_run_number=number)
    rollups.restore(connection)
    root_metrics.restore(connection)


def long_run(runs: int) -> int:
    """The key of the run with the long metric: a root in the middle."""
    return runs // 2 // 20 * 20 + 1


def long_run_id() -> str:
    """The run that has it, in the home folder that this process works over."""
    key = Key.objects.get(kind=KeyKind.METRIC, name=LONG_METRIC)
    return Metric.objects.select_related("run").get(key=key).run.run_id


def long_points(points: int, started: int) -> list[Point]:
    """A slow wave with sharp spikes, which a reader must not lose."""
    return [
        Point(LONG_METRIC, _value(step), started + step * 100, step)
        for step in range(points)
    ]


def _value(step: int) -> float:
    return 100.0 if step % 99_991 == 500 else (step * 7919 % 10_007) / 10_007


@transaction.atomic
def log_long_metric(run: Run, points: int, actor: Actor) -> None:
    assert run.started is not None
    listed = long_points(points, run.started)
    for at in range(0, points, BATCH):
        log_metrics(run, listed[at : at + BATCH], actor=actor, now=run.updated)
