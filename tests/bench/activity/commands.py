"""The command `activity`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from tests.bench.commands import AS_JSON, KIND, REPEATS, entered, options
from tests.bench.report import Report


@click.command()
@options(
    KIND,
    AS_JSON,
    REPEATS,
    click.option("--changes", "count", default=1_000_000, show_default=True),
    click.option("--plans", is_flag=True, help="The SQL of what is too slow."),
    click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="A folder to keep the changes in; they are made if it is empty.",
    ),
)
def activity(
    kind: str, as_json: bool, repeats: int, count: int, plans: bool, home: Path | None
) -> None:
    """Time the page Activity with each filter, among many change sets."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        place = home or Path(folder) / "home"
        is_new = not place.exists()
        place.mkdir(mode=0o700, exist_ok=True)
        with entered(place, kind):
            from tests.bench.activity.pages import measure
            from tests.bench.activity.seed import seed

            if is_new:
                seed(place, count)
            report = Report(f"Activity, {count:,} change sets")
            measure(place, report, repeats=repeats, explain=plans)
            report.show(as_json=as_json)
