"""The command `bulk`."""

from __future__ import annotations

from pathlib import Path

import click

from tests.bench.commands import (
    AS_JSON,
    HOME,
    KIND,
    ONLY,
    REPEATS,
    entered,
    link,
    options,
)
from tests.bench.report import Report
from tests.parts.server import running


@click.command()
@options(HOME, KIND, REPEATS, ONLY, AS_JSON)
def bulk(home: Path, kind: str, repeats: int, only: str, as_json: bool) -> None:
    """Time edits of one run, of 100, and of all runs with their undo, over HTTP.

    All runs are tagged, archived, moved to another experiment and to the trash. Each
    change is undone, so the runs stay as they were.
    """
    with entered(home, kind) as env:
        # It touches models.
        from tests.bench.background.large_changes import Caller, measure

        report = Report("Large changes")
        with running(home, env=env) as server:
            measure(Caller(link(server)), report, repeats=repeats, only=only)
        report.show(as_json=as_json)
