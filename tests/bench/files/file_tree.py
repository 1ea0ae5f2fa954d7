"""The tab *Outputs + logs* of runs with very many files, over HTTP."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

from runs.actions.actor import SERVER
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run.runs import create_run
from runs.models import Experiment, File, Run, Workspace, now_ms, path_key
from tests.bench.ask import Link
from tests.bench.report import Report, times
from tests.parts.server import Server

LIMIT = "300 ms"
#: The path of the n-th file of a run.
SHAPES = {
    "one folder": "outputs/samples/image-{0:06}.png",
    "300 folders": "outputs/{1:03}/image-{0:06}.png",
    "a folder each": "outputs/{0:06}/image.png",
}


def measure(server: Server, report: Report, *, files: int, repeats: int) -> None:
    workspace = Workspace.objects.get(name="default")
    experiment = create_experiment(workspace, "files", actor=SERVER, now=now_ms())
    link = Link(server.url, server.token)
    for name, shape in SHAPES.items():
        run = _run_with_files(experiment, shape, files)
        base = f"/w/default/runs/{run.run_id}/files/"
        for title, query in (
            ("tab", "?in=outputs"),
            ("one level", "tree/?folder=outputs"),
            ("search", "?find=image+0999"),
        ):
            took = times(partial(link.send, "GET", base + query), repeats)
            report.add(f"{title}: {files:,} files, {name}", LIMIT, ms=round(took))


def _run_with_files(experiment: Experiment, shape: str, count: int) -> Run:
    run = create_run(experiment, actor=SERVER, now=now_ms())
    paths = [shape.format(number, number % 300) for number in range(count)]
    File.objects.bulk_create(
        (
            File(
                run=run,
                folder=path.rpartition("/")[0],
                name=path.rpartition("/")[2],
                path_key=path_key(path),
                blob=uuid4().hex,
                size=1000,
                sha256="0" * 64,
                created=now_ms(),
            )
            for path in paths
        ),
        batch_size=2000,
    )
    return run
