"""The SDK over a home folder with many runs: its import, and its lists."""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from studio.core.script_variables import SHIM_FOLDER
from studio.sdk import Experiment, ScriptRunConfig, Workspace
from tests.bench.report import Report
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server

ROUNDS = 9
LIST_RUNS = "-m studio.cli run list --output none --only-show-errors".split()
#: How much of a list is read; the rest of it comes as fast.
READ = 1000


def measure(server: Server, report: Report) -> None:
    bare = started("pass")
    loaded = started("import studio.sdk")
    report.add("import studio.sdk", "100 ms over bare", ms=1000 * (loaded - bare))
    os.environ.update(server.environment)
    listed = median(lambda: subprocess.run([sys.executable, *LIST_RUNS], check=True))
    report.add("studio run list: end to end", "300 ms", ms=1000 * listed)
    workspace = Workspace.from_config()
    experiment, tags = commonest(workspace)

    def first(**wanted: object) -> Callable[[], object]:
        return lambda: next(experiment.get_runs(**wanted), None)  # type: ignore[arg-type]

    def many() -> object:
        return list(itertools.islice(experiment.get_runs(), READ))

    questions: dict[str, Callable[[], object]] = {
        "get_runs(): to the first page": first(),
        f"get_runs(tags={tags}): to the first page": first(tags=tags),
        f"get_runs(tags={next(iter(tags))!r}): to the first page": first(
            tags=next(iter(tags))
        ),
        "get_runs(tags of none): to the end": first(tags={"nosuch": "x"}),
        f"get_runs(): {READ} runs": many,
    }
    for name, ask in questions.items():
        limit = "300 ms" if "first page" in name else ""
        report.add(name, limit, ms=1000 * median(ask))


def measure_submission(server: Server, folder: Path, report: Report) -> None:
    """From `submit` to its return; the run itself comes after it."""
    sources = folder / "sources"
    for number in range(2000):
        file = sources / f"package{number % 40}" / f"module{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {number}\n" * 200)
    script = "package0/module0.py"
    own = {"STUDIO_JOBS": folder / "jobs", "STUDIO_SPOOL": folder / "spool"}
    os.environ.update(server.environment)
    os.environ.update({name: str(path) for name, path in own.items()})
    experiment = Experiment(Workspace.from_config(), "submissions")
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        run = experiment.submit(ScriptRunConfig(str(sources), script))
        times.append(time.perf_counter() - begin)
        run.wait_for_completion()
    report.add("the first time, with the upload", ms=1000 * times[0])
    report.add("again", "500 ms", ms=1000 * statistics.median(times[1:]))


def commonest(workspace: Workspace) -> tuple[Experiment, dict[str, str | None]]:
    """The experiment of the newest run, and one of that run's tags."""
    found = workspace._connection.get("runs", rows=25, columns="tags")["runs"]
    run = next(one for one in found if one["tags"])
    key = min(run["tags"])
    name = run["run"]["experiment"]
    return Experiment(workspace, name), {key: run["tags"][key]}


def median(ask: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        ask()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def measure_imports(report: Report) -> None:
    """What every script pays before its first line, with the interpreter's start."""
    bare = 1000 * started("pass")
    report.add("start of Python", ms=bare)
    for module, limit in (("studio.sdk", ""), ("azureml.core", "150 ms")):
        took = 1000 * started(f"import {module}")
        report.add(f"import {module}", limit, ms=took, over_bare=took - bare)


def started(code: str) -> float:
    """The least time of an interpreter that runs `code`: others only add to it."""
    path = os.pathsep.join([SHIM_FOLDER, str(ROOT)])
    environment = {**quiet_environment(), "PYTHONPATH": path}
    times = []
    for _ in range(2 * ROUNDS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        times.append(time.perf_counter() - begin)
    return min(times)
