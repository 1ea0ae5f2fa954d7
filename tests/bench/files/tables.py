"""A table of a million rows in the viewer: how long it takes, and how much memory."""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import psutil

from tests.bench.commands import AS_JSON, REPEATS, options
from tests.bench.places import enter
from tests.bench.report import Report, measured

if TYPE_CHECKING:
    from runs.storage.tables import StoredTable, TableSource

SORT_LIMIT = "300 ms"
#: The state of the address, and the goal.
QUESTIONS = (
    ("first page", "", ""),
    ("sorted by a number", "sort=dice", SORT_LIMIT),
    ("page 10,000 of that order", "sort=dice&page=10000", SORT_LIMIT),
    ("sorted by a text", "sort=-image", SORT_LIMIT),
    ("sorted by two columns", "sort=stain&sort=-nuclei", ""),
    ("a range of numbers", "min.dice=0.4&max.dice=0.8", ""),
    ("a range, sorted", "min.dice=0.4&max.dice=0.8&sort=iou", SORT_LIMIT),
    ("a text contains", "has.image=0412", ""),
    ("a text equals", "is.stain=DAPI", ""),
    ("search in all columns", "search=0412", ""),
    ("a histogram", "edit=dice&min.dice=0.4", ""),
)


@click.command("table")
@options(
    AS_JSON,
    REPEATS,
    click.option("--rows", default=1_000_000, show_default=True, help="Of the table."),
)
def table(as_json: bool, repeats: int, rows: int) -> None:
    """Open, sort, page and filter a table of eight columns, as CSV and as Parquet."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        enter(Path(folder) / "home", {})
        report = Report(f"A table of {rows:,} rows")
        for name in ("csv", "parquet"):
            source = _stored(Path(folder), name, rows)
            _measure(
                report, name.upper() if name == "csv" else "Parquet", source, repeats
            )
        load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
        report.notes.append(f"Load before the end: {load}.")
        report.show(as_json=as_json)


def _stored(folder: Path, name: str, rows: int) -> TableSource:
    import pyarrow as pa
    from pyarrow import csv, parquet

    from runs.storage.files import files
    from runs.storage.tables import TableSource, table_format

    random = np.random.default_rng(0)
    content = pa.table(
        {
            "image": [f"img_{row:07d}.png" for row in range(rows)],
            "dice": random.beta(8, 2, rows),
            "iou": random.beta(6, 3, rows),
            "nuclei": random.poisson(24, rows),
            "missed": random.poisson(1.2, rows),
            "area_px": random.gamma(4, 300, rows),
            "stain": random.choice(["DAPI", "H&E", "PAS"], rows),
            "fold": random.integers(0, 5, rows),
        }
    )
    path = folder / f"table.{name}"
    write = csv.write_csv if name == "csv" else parquet.write_table
    write(content, str(path))
    with path.open("rb") as source:
        blob = files.write(iter(partial(source.read, 1 << 20), b""), 1 << 40)
    files.keep(blob.name)
    kind = table_format(path.name)
    assert kind is not None
    return TableSource(
        blob.name, blob.size, kind, partial(files.open, blob.name, blob.size)
    )


def _measure(report: Report, name: str, source: TableSource, repeats: int) -> None:
    from runs.search.tables import row_order

    megabytes = source.size / 1e6
    start = time.perf_counter()
    peak = _first_open(source)
    opened = (time.perf_counter() - start) * 1000
    report.add(f"{name}, first open", wall=opened, MB=megabytes, peak_MB=peak)
    found = _opened(source)
    for words, query, limit in QUESTIONS:

        def work(query: str = query) -> None:
            # Each time without an order that an earlier question left.
            if "page" not in query:
                row_order.forget_orders()
            _render(found, query)

        took = measured(work, repeats)
        report.add(f"{name}, {words}", limit, wall=took.wall, cpu=took.cpu)
    process = psutil.Process().memory_full_info()
    report.add(f"{name}, memory of this process", peak_MB=process.uss / 1e6)


def _first_open(source: TableSource) -> float:
    """Open the table, and return the MB that the process used that parsed it."""
    from runs.storage.tables import StoredTable, open_table

    peak = 0.0
    while not isinstance(open_table(source, wait_seconds=0.1), StoredTable):
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):
                peak = max(peak, child.memory_info().rss / 1e6)
    return peak


def _opened(source: TableSource) -> StoredTable:
    from runs.storage.tables import StoredTable, open_table

    found = open_table(source)
    assert isinstance(found, StoredTable)
    return found


def _render(found: StoredTable, query: str) -> str:
    from django.http import QueryDict
    from django.template.loader import render_to_string

    from runs.pages.tables import GridAddress, TableState, build_grid

    state = TableState.parse(QueryDict(query))
    grid = build_grid(found, state, GridAddress("?path=table"), "table")
    return render_to_string("tables/_table_grid.html", {"grid": grid})
