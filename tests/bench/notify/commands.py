"""The command `alerts`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from tests.bench.commands import AS_JSON, KIND, REPEATS, entered, options
from tests.bench.report import Report
from tests.parts.server import fill_home


@click.command()
@options(
    KIND,
    AS_JSON,
    REPEATS,
    click.option("--rules", default=1000, show_default=True),
    click.option("--changes", default=10_000, show_default=True),
)
def alerts(kind: str, as_json: bool, repeats: int, rules: int, changes: int) -> None:
    """Time alert rules: from a status change to the mail, and a burst of changes.

    Each rule has its own filter, and all wait for the same status. A mail counts when
    the mail server gets it.
    """
    report = Report(f"{rules} alert rules")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder) / "home"
        fill_home(home)
        with entered(home, kind) as env:
            from tests.bench.notify.status_changes import measure

            measure(home, env, report, rules=rules, changes=changes, repeats=repeats)
    report.show(as_json=as_json)
