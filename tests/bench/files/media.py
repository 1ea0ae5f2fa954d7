"""The tab *Media* of runs with many steps, and its grid in *Compare*, over HTTP."""

from __future__ import annotations

import time
from functools import partial
from typing import Any
from uuid import uuid4

from runs.actions.actor import SERVER
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run.runs import create_run
from runs.models import Experiment, File, Run, Workspace, now_ms, path_key
from runs.storage.files import files
from tests.bench.ask import Link
from tests.bench.report import Report, times
from tests.pages.metrics.test_metric_kinds import PNG
from tests.parts.server import Server

LIMIT = "300 ms"
#: Names of images, items of each step, and runs next to each other.
NAMES, ITEMS, RUNS = 10, 10, 8


def measure(server: Server, report: Report, *, steps: int, repeats: int) -> None:
    workspace = Workspace.objects.get(name="default")
    experiment = create_experiment(workspace, "media", actor=SERVER, now=now_ms())
    runs = [_run_with_images(experiment, steps) for _ in range(RUNS)]
    link = Link(server.url, server.token)
    tab = f"/w/default/runs/{runs[0].run_id}/media/"
    rest = f"/api/v1/workspaces/default/runs/{runs[0].run_id}/media"
    compare = "/w/default/compare/?" + "&".join(f"run={r.run_id}" for r in runs)
    count = f"{steps * NAMES * ITEMS:,} images"
    start = time.perf_counter()
    link.send("GET", tab)
    # It reads the newest names, the next ones read older names, which all remember.
    first = time.perf_counter() - start
    report.add(f"tab, first: {count}", LIMIT, ms=round(first * 1000))
    while b"older file" in link.send("GET", tab):
        pass
    report.add(
        "tab, until all names are read", ms=round((time.perf_counter() - start) * 1000)
    )
    for title, address, limit in (
        ("tab, last step", tab, LIMIT),
        ("tab, a step in the middle", f"{tab}?step={steps // 2}", LIMIT),
        ("list of all, REST", rest, LIMIT),
        ("one name at a step, REST", f"{rest}?name=val/1&step=5", LIMIT),
        (f"grid of {RUNS} runs in Compare", f"{compare}&step=5", ""),
    ):
        took = times(partial(link.send, "GET", address), repeats)
        report.add(f"{title}: {count}", limit, ms=round(took))


def _run_with_images(experiment: Experiment, steps: int) -> Run:
    run = create_run(experiment, actor=SERVER, now=now_ms())
    shown = {5, steps // 2, steps - 1}
    rows = [
        _image(
            run, f"media/val/{name}", f"step_{step:08d}_ab_{item}.png", step in shown
        )
        for step in range(steps)
        for name in range(NAMES)
        for item in range(ITEMS)
    ]
    File.objects.bulk_create(rows, batch_size=2000)
    return run


def _image(run: Run, folder: str, name: str, is_shown: bool) -> File:
    """Only images of the steps that are opened have bytes."""
    blob = uuid4().hex
    if is_shown:
        path = files.path(blob)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)
    key = path_key(f"{folder}/{name}")
    more: Any = {"folder": folder, "name": name, "path_key": key, "blob": blob}
    return File(run=run, size=len(PNG), sha256="0" * 64, created=now_ms(), **more)
