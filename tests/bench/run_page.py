"""What one run's pages cost over HTTP: many metrics and parameters, long series.

The first drawing of a chart is the page, and then the figures that its script asks for,
as many at once as a browser does.
"""

from __future__ import annotations

import math
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from django.db import transaction

from runs.actions.actor import SERVER
from runs.actions.experiments.experiments import create_experiment
from runs.actions.ingest.locked_metric_heads import ensure_heads
from runs.actions.ingest.points_and_params import Point, log_batch
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run, Workspace, now_ms
from runs.storage.metrics.chunked_store import store
from runs.storage.metrics.heads import AppendRule
from runs.storage.metrics.points import Points
from tests.bench.ask import Link
from tests.bench.report import Report, times
from tests.parts.server import Server

#: The number of concurrent requests of a browser to one server.
AT_ONCE = 6
PIECE = 50_000
PAGE_LIMIT, DRAWN_LIMIT = "150 ms", "1,000 ms"


def measure(
    server: Server, report: Report, *, many: int, series: int, points: int, repeats: int
) -> None:
    workspace = Workspace.objects.get(name="default")
    experiment = create_experiment(workspace, "pages", actor=SERVER, now=now_ms())
    wide, long = _wide(experiment, many), _long(experiment, series, points)
    link = Link(server.url, server.token)
    named = f"{many} metrics, {many} parameters"
    for tab in ("", "metrics/"):
        address = f"/w/default/runs/{wide.run_id}/{tab}"
        title = f"{tab.rstrip('/') or 'details'}: {named}"
        took = times(partial(link.send, "GET", address), repeats)
        report.add(title, PAGE_LIMIT, ms=round(took))
    drawn = f"first drawing: {series} series of {points:,} points"
    took = times(lambda: _draw(server, link, long, series), max(repeats // 3, 1))
    report.add(drawn, DRAWN_LIMIT, ms=round(took))


def _wide(experiment: Experiment, many: int) -> Run:
    run = create_run(experiment, actor=SERVER, now=now_ms())
    chance = random.Random(1)
    logged = [
        Point(f"group{n % 20}/m{n}", math.exp(-step / 9) + chance.random(), step, step)
        for n in range(many)
        for step in range(20)
    ]
    params = {f"p{n}": str(n) for n in range(many)}
    log_batch(run, points=logged[:9_000], params=params, actor=SERVER, now=now_ms())
    log_batch(run, points=logged[9_000:], actor=SERVER, now=now_ms())
    return run


def _long(experiment: Experiment, series: int, points: int) -> Run:
    run = create_run(experiment, actor=SERVER, now=now_ms())
    chance = np.random.default_rng(1)
    keys = [f"loss{n}" for n in range(series)]
    for start in range(0, points, PIECE):
        steps = np.arange(start, min(start + PIECE, points), dtype=np.int64)
        with transaction.atomic():
            heads = ensure_heads(run, keys)
            parts = [(heads[key], _piece(steps, chance)) for key in keys]
            store.append_all(parts, AppendRule.BATCHES)
    return run


def _piece(steps: Any, chance: np.random.Generator) -> Points:
    values = np.exp(-steps / 1e5) + chance.normal(0, 0.05, len(steps))
    return Points(steps, steps * 10, values, np.zeros(len(steps), np.bool_))


def _draw(server: Server, link: Link, run: Run, series: int) -> None:
    page = f"/w/default/runs/{run.run_id}/metrics/"
    link.send("GET", f"{page}?all=1")
    figures = [f"{page}chart.json?key=loss{n}" for n in range(series)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda a: Link(server.url, server.token).send("GET", a), figures))
