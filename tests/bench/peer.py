"""MLflow's own server over SQLite, for the same work in the same session.

It runs one worker. With more, its responses leave in two packets without TCP_NODELAY,
and that delay of 40 ms would distort the comparison.
"""

from __future__ import annotations

import math
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import click
import psutil

from runs.api.mlflow.replies import NAME_TAG
from studio.core.statuses import RunStatus
from tests.bench.data.invented import (
    LONG_METRIC,
    Curve,
    Invented,
    curves,
    experiment_names,
    invent,
)
from tests.bench.data.seed import long_points, long_run
from tests.bench.report import busy
from tests.parts.clients import quiet_environment
from tests.parts.server import kill_tree

STATUS = {
    RunStatus.RUNNING: "RUNNING",
    RunStatus.COMPLETED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELED: "KILLED",
}
PIECE = 10_000
#: Seconds between looks at whether the server rests, and the share that is rest.
SETTLE, IDLE = 10, 0.05


@contextmanager
def mlflow_server(program: Path, folder: Path) -> Iterator[str]:
    """Runs it within the block and yields its address."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [str(program), "server", "--workers", "1", "--host", "127.0.0.1"]
    place = [
        "--port",
        str(port),
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
    ]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*command, *place, "--artifacts-destination", str(folder / "artifacts")],
            env={**quiet_environment(), "MLFLOW_DISABLE_TELEMETRY": "true"},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        wait(address, process)
        yield address
    finally:
        kill_tree(process)


def wait(address: str, process: subprocess.Popen[str], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            settle(psutil.Process(process.pid))
            return
    raise click.ClickException("mlflow server did not start; see the log next to it")


def settle(top: psutil.Process, seconds: float = 240) -> None:
    """Waits for its other processes, which import for long and would be measured."""
    deadline = time.monotonic() + seconds
    before = busy(top)
    while time.monotonic() < deadline:
        time.sleep(SETTLE)
        now = busy(top)
        if now - before < IDLE * SETTLE:
            return
        before = now


def seed(program: Path, folder: Path, runs: int, *, points: int = 1_000_000) -> None:
    """The invented runs in MLflow's tables, written below it, unless they are there."""
    if (folder / "seeded").exists():
        return
    with mlflow_server(program, folder):
        pass
    with closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as raw:
        for pragma in ("journal_mode=OFF", "synchronous=OFF"):
            raw.execute(f"PRAGMA {pragma}")
        raw.execute("BEGIN")
        write_experiments(raw)
        found = invent(runs)
        shapes = curves(1)
        while piece := list(islice(found, PIECE)):
            write_runs(raw, piece, shapes)
        if points:
            write_long_metric(raw, runs, points)
        raw.execute("COMMIT")
        raw.execute("PRAGMA journal_mode=DELETE")
    (folder / "seeded").touch()


def insert(
    raw: sqlite3.Connection, table: str, names: str, rows: Iterable[Any]
) -> None:
    columns = names.split()
    marks = ", ".join("?" * len(columns))
    raw.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows
    )


def write_experiments(raw: sqlite3.Connection) -> None:
    rows = [
        (number, name, f"mlflow-artifacts:/{number}", "active", "default")
        for number, name in enumerate(experiment_names(), 1)
    ]
    names = "experiment_id name artifact_location lifecycle_stage workspace"
    known = {row[1] for row in raw.execute("PRAGMA table_info(experiments)")}
    if "workspace" not in known:
        names, rows = names.rpartition(" ")[0], [row[:-1] for row in rows]  # type: ignore[misc]
    insert(raw, "experiments", names, rows)


def write_runs(
    raw: sqlite3.Connection, runs: Sequence[Invented], shapes: Sequence[Curve]
) -> None:
    insert(
        raw,
        "runs",
        "run_uuid name source_type source_name entry_point_name user_id status "
        "start_time end_time source_version lifecycle_stage artifact_uri experiment_id",
        (
            (
                *(run.run_id, run.name, "UNKNOWN", "", "", "ada", STATUS[run.status]),
                *(
                    run.started,
                    run.ended if run.status.is_final else None,
                    "",
                    "active",
                ),
                f"mlflow-artifacts:/{run.experiment + 1}/{run.run_id}/artifacts",
                run.experiment + 1,
            )
            for run in runs
        ),
    )
    insert(
        raw,
        "params",
        "key value run_uuid",
        ((k, v, run.run_id) for run in runs for k, v in run.params.items()),
    )
    insert(
        raw,
        "tags",
        "key value run_uuid",
        (
            (k, v, run.run_id)
            for run in runs
            for k, v in {**run.given, **run.tags, NAME_TAG: run.name}.items()
        ),
    )
    write_points(raw, runs, shapes)


def write_points(
    raw: sqlite3.Connection, runs: Sequence[Invented], shapes: Sequence[Curve]
) -> None:
    names = "key value timestamp step is_nan run_uuid"
    insert(raw, "metrics", names, (p for run in runs for p in points_of(run, shapes)))
    insert(
        raw,
        "latest_metrics",
        names,
        (
            points[-1]
            for run in runs
            for key in run.series
            if (points := points_of(run, shapes, key))
        ),
    )


def points_of(
    run: Invented, shapes: Sequence[Curve], only: str = ""
) -> list[tuple[Any, ...]]:
    return [
        (key, *stored(value), run.started + offset, step, math.isnan(value), run.run_id)
        for key, number in run.series.items()
        if only in ("", key)
        for step, offset, value in shapes[number].points
    ]


def stored(value: float) -> tuple[float]:
    """MLflow keeps NaN as 0 with a flag, and infinity as the largest number."""
    if math.isnan(value):
        return (0.0,)
    return (
        math.copysign(1.7976931348623157e308, value) if math.isinf(value) else value,
    )


def write_long_metric(raw: sqlite3.Connection, runs: int, points: int) -> None:
    at = long_run(runs) - 1
    run = next(islice(invent(runs), at, None))
    rows = [
        (point.key, point.value, point.time, point.step, False, run.run_id)
        for point in long_points(points, run.started)
    ]
    names = "key value timestamp step is_nan run_uuid"
    insert(raw, "metrics", names, rows)
    insert(raw, "latest_metrics", names, rows[-1:])
    assert rows[0][0] == LONG_METRIC
